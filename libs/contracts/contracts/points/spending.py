"""What a member has, and spends: balance, entries, redemptions."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from contracts.base import Model, Money
from contracts.classification import internal, public
from contracts.operations import DRY_RUN, PAGING, Operation
from contracts.roles import READING, SERVING, Role


class RedemptionRequest(Model):
    """Points to spend. `order_no` ties them to an order, so that its refund gives them back."""

    points: Annotated[int, Field(gt=0, le=1_000_000_000), public]
    store: Annotated[str | None, Field(min_length=1, max_length=64), public] = None
    order_no: Annotated[str | None, Field(min_length=1, max_length=64), internal] = None
    reason: Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[\w.:-]+$"), internal]


class Redemption(Model):
    """Points spent and what they are worth; `redemption_id` is None for a dry run."""

    redemption_id: Annotated[UUID | None, internal]
    member_id: Annotated[UUID, internal]
    points: Annotated[int, public]
    value: Annotated[Money, public]
    balance: Annotated[int, public]


class Expiring(Model):
    """Points that go next, and when."""

    points: Annotated[int, public]
    at: Annotated[datetime, public]


class PointsBalance(Model):
    """A member's points.

    `pending` is negative where a refund took back points already spent: future earnings pay it.
    `lifetime` is everything ever earned.
    """

    member_id: Annotated[UUID, internal]
    redeemable: Annotated[int, public]
    pending: Annotated[int, public]
    expiring_next: Annotated[Expiring | None, public]
    lifetime: Annotated[int, public]


class PointsEntry(Model):
    """A line of the member's account: `amount` > 0 came in, < 0 went out."""

    entry_id: Annotated[int, internal]
    journal_id: Annotated[UUID, internal]
    kind: Annotated[str, public]  # earn, burn, refund, expire, merge
    account: Annotated[str, public]  # member, debt
    ref: Annotated[str, internal]
    amount: Annotated[int, public]
    occurred_at: Annotated[datetime, public]
    posted_at: Annotated[datetime, public]


class PointsEntries(Model):
    """A page of entries, newest first."""

    data: Annotated[list[PointsEntry], internal]
    next_cursor: Annotated[str | None, public]


_MEMBER = "/v1/members/{member_id}"

OPERATIONS: list[Operation] = [
    Operation(
        "GET", f"{_MEMBER}/points", "points", "Points a member has",
        READING, response=PointsBalance, tags=("points",),
    ),
    Operation(
        "GET", f"{_MEMBER}/points/entries", "points", "Lines of a member's account, newest first",
        READING, response=PointsEntries, query=PAGING, tags=("points",),
    ),
    Operation(
        "POST", f"{_MEMBER}/redemptions", "points", "Spend points: 100 are worth one yuan",
        SERVING | {Role.MEMBER, Role.PARTNER}, RedemptionRequest, Redemption,
        query=(DRY_RUN,), idempotent=True, tags=("points",),
    ),
]  # fmt: skip
