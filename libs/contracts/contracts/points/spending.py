"""What a member has, spends, sets aside and gives away, and how points go by themselves."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from contracts.base import Model, Money
from contracts.classification import internal, public
from contracts.operations import DRY_RUN, PAGING, Operation
from contracts.points.common import Words
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
    """Points that go next, by their date or by depreciation, and when."""

    points: Annotated[int, public]
    at: Annotated[datetime, public]


class PointsBalance(Model):
    """A member's points.

    `held` are set aside by open holds. `pending` is negative where a refund took back points
    already spent: future earnings pay it. `lifetime` is everything ever earned.
    """

    member_id: Annotated[UUID, internal]
    redeemable: Annotated[int, public]
    held: Annotated[int, public]
    pending: Annotated[int, public]
    expiring_next: Annotated[Expiring | None, public]
    lifetime: Annotated[int, public]


class EarnedShare(Model):
    """What a version of an earning rule gave of an order's points and growth."""

    rule_id: Annotated[str, public]
    version: Annotated[int, public]
    name: Annotated[Words, public]
    points: Annotated[int, public]
    growth: Annotated[int, public]


class PointsEntry(Model):
    """A line of the member's account: `amount` > 0 came in, < 0 went out.

    `earned`: by which rules, where an order earned it.
    """

    entry_id: Annotated[int, internal]
    journal_id: Annotated[UUID, internal]
    kind: Annotated[str, public]  # earn, burn, refund, expire, merge, hold, post, transfer…
    account: Annotated[str, public]  # member, debt
    ref: Annotated[str, internal]
    amount: Annotated[int, public]
    occurred_at: Annotated[datetime, public]
    posted_at: Annotated[datetime, public]
    earned: Annotated[list[EarnedShare], public] = Field(default_factory=list)


class PointsEntries(Model):
    """A page of entries, newest first."""

    data: Annotated[list[PointsEntry], internal]
    next_cursor: Annotated[str | None, public]


class HoldRequest(Model):
    """Points to set aside, until they are posted or voided or the hold ends by itself.

    `order_no` ties what is posted to an order, so that its refund gives it back.
    """

    points: Annotated[int, Field(gt=0, le=1_000_000_000), public]
    store: Annotated[str | None, Field(min_length=1, max_length=64), public] = None
    order_no: Annotated[str | None, Field(min_length=1, max_length=64), internal] = None
    expires_in_seconds: Annotated[int, Field(ge=1, le=604_800), public] = 900
    reason: Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[\w.:-]+$"), internal]


class HoldPost(Model):
    """How much of a hold is spent; the rest is given back. Left out, all of it is."""

    points: Annotated[int | None, Field(gt=0, le=1_000_000_000), public] = None


class Hold(Model):
    """Points set aside. Of `points`, `posted` were spent and the rest given back once resolved."""

    hold_id: Annotated[UUID, internal]
    member_id: Annotated[UUID, internal]
    status: Annotated[Literal["open", "posted", "voided", "expired"], public]
    points: Annotated[int, public]
    value: Annotated[Money, public]
    posted: Annotated[int, public]
    store: Annotated[str | None, public]
    order_no: Annotated[str | None, internal]
    reason: Annotated[str, internal]
    held_at: Annotated[datetime, public]
    expires_at: Annotated[datetime, public]
    resolved_at: Annotated[datetime | None, public]


class HoldAnswer(Model):
    """A hold after a call, and the points the member can spend then."""

    hold: Annotated[Hold, internal]
    balance: Annotated[int, public]


class Holds(Model):
    """A page of a member's open holds, oldest first."""

    data: Annotated[list[Hold], internal]
    next_cursor: Annotated[str | None, public]


class TransferRequest(Model):
    """Points to give to another member; they keep their dates."""

    to_member_id: Annotated[UUID, internal]
    points: Annotated[int, Field(gt=0, le=1_000_000_000), public]


class Transfer(Model):
    """Points given to another member; `transfer_id` is None for a dry run."""

    transfer_id: Annotated[UUID | None, internal]
    member_id: Annotated[UUID, internal]
    to_member_id: Annotated[UUID, internal]
    points: Annotated[int, public]
    balance: Annotated[int, public]


class ExpiryFigures(Model):
    """Figures of a policy: those its kind needs, and no others."""

    months: Annotated[int | None, Field(ge=1, le=1200), public] = None
    years: Annotated[int | None, Field(ge=0, le=100), public] = None
    percent: Annotated[int | None, Field(ge=1, le=100), public] = None
    month: Annotated[int | None, Field(ge=1, le=12), public] = None
    day: Annotated[int | None, Field(ge=1, le=31), public] = None


class ExpiryPolicyRequest(Model):
    """How points go. All active policies apply together.

    `rolling`: `months` after they were earned. `end_of_year`: with the end of the year they were
    earned in, `years` later. `depreciation`: every year, when `day` of `month` begins, each lot
    earned before loses `percent` of what is left of it, rounded down.
    """

    kind: Annotated[Literal["rolling", "end_of_year", "depreciation"], public]
    active: Annotated[bool, public]
    figures: Annotated[ExpiryFigures, public]


class ExpiryPolicy(ExpiryPolicyRequest):
    """A policy as it is kept."""

    policy_id: Annotated[str, public]


class ExpiryPolicies(Model):
    """All policies."""

    data: Annotated[list[ExpiryPolicy], public]


_MEMBER = "/v1/members/{member_id}"
_HOLDS = f"{_MEMBER}/points/holds"
_POLICIES = "/v1/expiry-policies"
_RULES = frozenset({Role.PLANNER, Role.ANALYST, Role.COMPLIANCE, Role.OPERATOR, Role.ADMIN})

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
        query=(DRY_RUN,), idempotent=True, counted=True, tags=("points",),
    ),
    Operation(
        "POST", _HOLDS, "points", "Set points aside",
        SERVING | {Role.MEMBER, Role.PARTNER}, HoldRequest, HoldAnswer,
        idempotent=True, counted=True, tags=("points",),
    ),
    Operation(
        "GET", _HOLDS, "points", "Open holds of a member, oldest first",
        READING, response=Holds, query=PAGING, tags=("points",),
    ),
    Operation(
        "GET", f"{_HOLDS}/{{hold_id}}", "points", "A hold, open or resolved",
        READING | {Role.PARTNER}, response=Hold, tags=("points",),
    ),
    Operation(
        "POST", f"{_HOLDS}/{{hold_id}}/post", "points", "Spend what a hold set aside",
        SERVING | {Role.PARTNER}, HoldPost, HoldAnswer, idempotent=True, counted=True,
        tags=("points",),
    ),
    Operation(
        "POST", f"{_HOLDS}/{{hold_id}}/void", "points", "Give back what a hold set aside",
        SERVING | {Role.PARTNER}, response=HoldAnswer, idempotent=True, tags=("points",),
    ),
    Operation(
        "POST", f"{_MEMBER}/transfers", "points", "Give points to another member",
        frozenset({Role.MEMBER, Role.SERVICE_AGENT, Role.OPERATOR, Role.ADMIN}),
        TransferRequest, Transfer, query=(DRY_RUN,), idempotent=True, counted=True,
        tags=("points",),
    ),
    Operation(
        "GET", _POLICIES, "points", "How points go",
        _RULES, response=ExpiryPolicies, own=None, tags=("points",),
    ),
    Operation(
        "GET", f"{_POLICIES}/{{policy_id}}", "points", "A way in which points go",
        _RULES, response=ExpiryPolicy, own=None, tags=("points",),
    ),
    Operation(
        "PUT", f"{_POLICIES}/{{policy_id}}", "points", "Change how points go from now on",
        frozenset({Role.OPERATOR, Role.ADMIN}), ExpiryPolicyRequest, ExpiryPolicy,
        own=None, tags=("points",),
    ),
]  # fmt: skip
