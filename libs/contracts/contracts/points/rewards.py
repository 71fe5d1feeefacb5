"""Rewards: what points are exchanged for."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from contracts.base import Model
from contracts.classification import internal, public
from contracts.operations import DRY_RUN, PAGING, Operation
from contracts.points.common import LARGEST, Code, Moment, Points, Words
from contracts.roles import EVERYONE, READING, SERVING, Role


class RewardTerms(Model):
    """What a reward is and who may have it.

    `stock` and `member_limit` count pieces, None is without end; no `tiers` means any. A coupon
    names the template it is issued from, goods may name their article.
    """

    name: Annotated[Words, public]
    kind: Annotated[Literal["goods", "coupon", "service"], public]
    points: Points
    stock: Annotated[int | None, Field(ge=0, le=LARGEST), public] = None
    member_limit: Annotated[int | None, Field(gt=0, le=LARGEST), public] = None
    valid_from: Annotated[Moment, public]
    valid_until: Annotated[Moment | None, public] = None
    tiers: Annotated[list[Code], Field(max_length=20), public] = Field(default_factory=list)
    sku: Annotated[str | None, Field(min_length=1, max_length=64), public] = None
    template_id: Annotated[UUID | None, internal] = None


class RewardRequest(RewardTerms):
    """A new reward."""

    reward_id: Code


class Reward(RewardRequest):
    """A reward of the catalogue; `taken` of `stock` are gone."""

    taken: Annotated[int, public]


class Rewards(Model):
    """A page of the catalogue, by id."""

    data: Annotated[list[Reward], public]
    next_cursor: Annotated[str | None, public]


class ExchangeRequest(Model):
    """Pieces wanted, and the store that hands them out."""

    quantity: Annotated[int, Field(gt=0, le=1000), public] = 1
    store: Annotated[str | None, Field(min_length=1, max_length=64), public] = None


class Exchange(Model):
    """Points exchanged for a reward; `coupons` are the codes that were issued for it."""

    exchange_id: Annotated[UUID | None, internal]  # None for a dry run
    reward_id: Annotated[str, public]
    member_id: Annotated[UUID, internal]
    quantity: Annotated[int, public]
    points: Annotated[int, public]
    store: Annotated[str | None, public]
    coupons: Annotated[list[str], internal]
    exchanged_at: Annotated[datetime, public]
    cancelled_at: Annotated[datetime | None, public]


class ExchangeAnswer(Model):
    """An exchange after a call, and the points the member can spend then."""

    exchange: Annotated[Exchange, internal]
    balance: Annotated[int, public]


class Exchanges(Model):
    """A page of a member's exchanges, newest first."""

    data: Annotated[list[Exchange], internal]
    next_cursor: Annotated[str | None, public]


_MEMBER = "/v1/members/{member_id}"
_PLANNING = frozenset({Role.PLANNER, Role.OPERATOR, Role.ADMIN})

OPERATIONS: list[Operation] = [
    Operation(
        "GET", "/v1/rewards", "points", "Rewards of the catalogue",
        EVERYONE, response=Rewards, query=PAGING, own=None, tags=("rewards",),
    ),
    Operation(
        "POST", "/v1/rewards", "points", "Add a reward to the catalogue",
        _PLANNING, RewardRequest, Reward, 201, idempotent=True, own=None, tags=("rewards",),
    ),
    Operation(
        "GET", "/v1/rewards/{reward_id}", "points", "A reward",
        EVERYONE, response=Reward, own=None, tags=("rewards",),
    ),
    Operation(
        "PUT", "/v1/rewards/{reward_id}", "points", "Change a reward of the catalogue",
        _PLANNING, RewardTerms, Reward, own=None, tags=("rewards",),
    ),
    Operation(
        "POST", f"{_MEMBER}/rewards/{{reward_id}}/exchanges", "points",
        "Exchange points for a reward",
        SERVING | {Role.MEMBER}, ExchangeRequest, ExchangeAnswer,
        query=(DRY_RUN,), idempotent=True, counted=True, tags=("rewards",),
    ),
    Operation(
        "GET", f"{_MEMBER}/reward-exchanges", "points", "What a member exchanged, newest first",
        READING, response=Exchanges, query=PAGING, tags=("rewards",),
    ),
    Operation(
        "POST", f"{_MEMBER}/reward-exchanges/{{exchange_id}}/cancel", "points",
        "Undo an exchange: points, stock and coupons go back",
        SERVING, response=ExchangeAnswer, idempotent=True, tags=("rewards",),
    ),
]  # fmt: skip
