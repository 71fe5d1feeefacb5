"""Ladders, where members stand on them, and how they move."""

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from contracts.base import Model, Money
from contracts.classification import counted, internal, public
from contracts.operations import Operation, Query
from contracts.points.common import LARGEST, Code, Words
from contracts.roles import EVERYONE, FIGURES, READING, Role

PLANNING = frozenset({Role.PLANNER, Role.ADMIN})


class TierCondition(Model):
    """`kind` must be at least `at_least`.

    Kinds: growth; month_spend (fen, this month); referrals; social (social and green deeds); and,
    over the last `months` with the present one, spend (fen), frequency (orders), interactions.
    """

    kind: Annotated[str, Field(max_length=64), public]
    at_least: Annotated[int, Field(ge=1, le=LARGEST), public]
    months: Annotated[int, Field(ge=0, le=24), public] = 0


class TierProgress(Model):
    """A condition, and how far the member has come."""

    kind: Annotated[str, public]
    at_least: Annotated[int, public]
    months: Annotated[int, public]
    reached: Annotated[int, public]


class TierStep(Model):
    """A change of tier."""

    tier: Annotated[str, public]
    previous: Annotated[str, public]
    reason: Annotated[str, public]  # order, review, merge, refund, act, ladder
    changed_at: Annotated[datetime, public]


class TierWarning(Model):
    """The last review was failed: the member falls unless a review up to `falls_on` is passed."""

    warned_on: Annotated[date, public]
    falls_on: Annotated[date, public]
    falls_to: Annotated[str, public]
    missing: Annotated[list[TierProgress], public]  # conditions not met as things stand


class PastWarning(Model):
    """A warning of the past or present."""

    tier: Annotated[str, public]
    falls_to: Annotated[str, public]
    warned_on: Annotated[date, public]
    falls_on: Annotated[date, public]


class MemberTier(Model):
    """Where a member stands on the ladder.

    The tier is kept until `kept_until` at least. `history` and `warnings` are newest first, 50 of
    each.
    """

    member_id: Annotated[UUID, internal]
    ladder_id: Annotated[str, public]
    tier: Annotated[str, public]
    title: Annotated[Words, public]
    kept_until: Annotated[date | None, public]  # None on the lowest
    warning: Annotated[TierWarning | None, public]
    next_tier: Annotated[str | None, public]
    next_conditions: Annotated[list[TierProgress], public]
    history: Annotated[list[TierStep], public]
    warnings: Annotated[list[PastWarning], public]


class TierBenefit(Model):
    """A benefit of a tier, `quota` times a period; null: as often as one likes."""

    benefit_id: Code
    quota: Annotated[int | None, Field(ge=1, le=10_000), public] = None


class TierRungChange(Model):
    """A tier: points are earned at `points_percent` of the paid yuan; all conditions must hold.

    Its members pay `price_percent` of the list price.
    """

    name: Annotated[str, Field(pattern="^[a-z][a-z0-9_]{0,31}$"), public]
    title: Annotated[Words, public]
    points_percent: Annotated[int, Field(ge=0, le=1000), public]
    price_percent: Annotated[int, Field(ge=1, le=100), public] = 100
    conditions: Annotated[list[TierCondition], Field(max_length=20), public]
    benefits: Annotated[list[TierBenefit], Field(max_length=50), public] = Field(
        default_factory=list
    )


class TierRung(TierRungChange):
    """A tier, what it is worth a year on the reference basket, and how much more than the last.

    `above_percent` is null on the lowest tier and above one that is worth nothing.
    """

    worth: Annotated[Money, public]
    above_percent: Annotated[int | None, public]


class TierLadderChange(Model):
    """Tiers from the lowest to the highest, and how they are kept and lost.

    A tier is kept for `qualification_months` after it was reached, at least until the next monthly
    review. Who fails a review after that is warned, and falls at the first review failed
    `grace_days` later or more: one step with `soft_landing`. Neighbouring tiers of kind `mall`
    must differ by 40 % in what they are worth. `moves`: members of a tier that is not on the ladder
    (any more) belong to the tier named; others go where the conditions of their old tier lead.
    """

    name: Annotated[str, Field(min_length=1, max_length=64), public]
    kind: Annotated[Literal["supermarket", "mall"], public]
    qualification_months: Annotated[int, Field(ge=0, le=36), public] = 0
    grace_days: Annotated[int, Field(ge=0, le=366), public] = 30
    soft_landing: Annotated[bool, public] = True
    moves: Annotated[dict[str, str], Field(max_length=50), public] = Field(default_factory=dict)
    tiers: Annotated[list[TierRungChange], Field(min_length=1, max_length=20), public]


class TierLadder(Model):
    """A ladder in the version that is in force; see TierLadderChange."""

    ladder_id: Annotated[str, public]
    version: Annotated[int, public]
    valid_from: Annotated[datetime, public]
    changed_by: Annotated[str, internal]
    name: Annotated[str, public]
    kind: Annotated[str, public]
    qualification_months: Annotated[int, public]
    grace_days: Annotated[int, public]
    soft_landing: Annotated[bool, public]
    moves: Annotated[dict[str, str], public]
    tiers: Annotated[list[TierRung], public]


class TierLadders(Model):
    """All ladders, by id."""

    data: Annotated[list[TierLadder], public]


class TierLadderVersion(TierLadder):
    """A version, in force until `valid_until`; null: still."""

    valid_until: Annotated[datetime | None, public]


class TierLadderVersions(Model):
    """All versions of a ladder, newest first; worth as today's benefits have it."""

    data: Annotated[list[TierLadderVersion], public]


class TierMovement(Model):
    """How many members went from one tier to another in a month (its first day) for a reason."""

    month: Annotated[date, public]
    previous: Annotated[str, public]
    tier: Annotated[str, public]
    reason: Annotated[str, public]
    members: Annotated[int, counted]


class TierWarnedMonth(Model):
    """How many members of a tier were warned in a month."""

    month: Annotated[date, public]
    tier: Annotated[str, public]
    members: Annotated[int, counted]


class TierMovements(Model):
    """Changes of tier and warnings by month, oldest first."""

    data: Annotated[list[TierMovement], public]
    warned: Annotated[list[TierWarnedMonth], public]


_LADDER = "/v1/tier-ladders/{ladder_id}"

OPERATIONS: list[Operation] = [
    Operation(
        "GET", "/v1/members/{member_id}/tier", "points",
        "Tier, warning, the way to the next, and history",
        READING, response=MemberTier, tags=("points",),
    ),
    Operation(
        "GET", "/v1/tier-ladders", "points", "All ladders",
        EVERYONE, response=TierLadders, own=None, tags=("tiers",),
    ),
    Operation(
        "GET", _LADDER, "points", "A ladder's tiers, their conditions, benefits and worth",
        EVERYONE, response=TierLadder, own=None, tags=("tiers",),
    ),
    Operation(
        "PUT", _LADDER, "points", "Bring a new version of a ladder; its members go along",
        PLANNING, request=TierLadderChange, response=TierLadder, own=None, tags=("tiers",),
    ),
    Operation(
        "GET", f"{_LADDER}/versions", "points", "What a ladder was like, when, and by whom",
        FIGURES | {Role.COMPLIANCE}, response=TierLadderVersions, own=None, tags=("tiers",),
    ),
    Operation(
        "GET", "/v1/tiers/movements", "points", "Changes of tier and warnings by month",
        FIGURES, response=TierMovements, own=None, tags=("tiers",),
        query=(
            Query("from", date, "first day; the first of all without it"),
            Query("to", date, "last day; today without it"),
        ),
    ),
]  # fmt: skip
