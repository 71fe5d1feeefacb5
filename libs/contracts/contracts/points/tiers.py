"""Ladders and where members stand on them."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from contracts.base import Model
from contracts.classification import internal, public
from contracts.operations import Operation
from contracts.roles import EVERYONE, READING


class TierCondition(Model):
    """`kind` (growth, month_spend in fen, referrals) must be at least `at_least`."""

    kind: Annotated[str, public]
    at_least: Annotated[int, public]


class TierProgress(Model):
    """A condition of the next tier, and how far the member has come."""

    kind: Annotated[str, public]
    at_least: Annotated[int, public]
    reached: Annotated[int, public]


class TierStep(Model):
    """A change of tier."""

    tier: Annotated[str, public]
    previous: Annotated[str, public]
    reason: Annotated[str, public]  # order, review, merge, refund
    changed_at: Annotated[datetime, public]


class MemberTier(Model):
    """Where a member stands on the ladder; `history` is newest first, the last 50 changes."""

    member_id: Annotated[UUID, internal]
    ladder_id: Annotated[str, public]
    tier: Annotated[str, public]
    next_tier: Annotated[str | None, public]
    next_conditions: Annotated[list[TierProgress], public]
    history: Annotated[list[TierStep], public]


class TierRung(Model):
    """A tier: points are earned at `points_percent` of the paid yuan; all conditions must hold.

    Its members pay `price_percent` of the list price.
    """

    name: Annotated[str, public]
    points_percent: Annotated[int, Field(ge=0, le=1000), public]
    price_percent: Annotated[int, Field(ge=1, le=100), public] = 100
    conditions: Annotated[list[TierCondition], public]


class TierLadder(Model):
    """Tiers from the lowest to the highest."""

    ladder_id: Annotated[str, public]
    name: Annotated[str, public]
    tiers: Annotated[list[TierRung], Field(min_length=1), public]


_MEMBER = "/v1/members/{member_id}"

OPERATIONS: list[Operation] = [
    Operation(
        "GET", f"{_MEMBER}/tier", "points", "Tier, the way to the next, and history",
        READING, response=MemberTier, tags=("points",),
    ),
    Operation(
        "GET", "/v1/tier-ladders/{ladder_id}", "points", "A ladder's tiers and their conditions",
        EVERYONE, response=TierLadder, own=None, tags=("tiers",),
    ),
]  # fmt: skip
