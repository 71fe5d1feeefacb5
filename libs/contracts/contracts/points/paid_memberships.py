"""Paid memberships: a yearly fee, benefits, and no renewal that nobody asked for."""

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from contracts.base import Model, Money
from contracts.classification import internal, public
from contracts.operations import Operation
from contracts.points.common import LARGEST, Code, Moment, Words
from contracts.roles import EVERYONE, READING, SERVING, Role


class PlanBenefit(Model):
    """A benefit by its code, in words."""

    code: Code
    names: Annotated[Words, public]


class RefundRule(Model):
    """In full within `full_days` where no benefit was used; afterwards by `then`."""

    full_days: Annotated[int, Field(ge=0, le=90), public] = 7
    then: Annotated[Literal["unused_months", "nothing"], public] = "unused_months"


class Plan(Model):
    """`price_percent` of the list price is what its members pay; notice is ≥ 5 days."""

    plan_id: Code
    names: Annotated[Words, public]
    fee_fen: Annotated[int, Field(gt=0, le=LARGEST), public]
    months: Annotated[int, Field(ge=1, le=60), public] = 12
    benefits: Annotated[list[PlanBenefit], Field(max_length=50), public]
    price_percent: Annotated[int, Field(ge=1, le=100), public] = 100
    notice_days: Annotated[int, Field(ge=5, le=90), public] = 7
    refund: Annotated[RefundRule, public] = Field(default_factory=RefundRule)
    valid_from: Annotated[Moment, public]
    valid_until: Annotated[Moment | None, public] = None

    def in_force(self, now: datetime) -> bool:
        """Whether it is on sale."""
        return self.valid_from <= now and (self.valid_until is None or now < self.valid_until)


class Plans(Model):
    """All of them, by id."""

    data: Annotated[list[Plan], public]
    next_cursor: Annotated[str | None, public] = None


class BuyMembership(Model):
    """`remind_days` asks to be told of the end earlier than the plan does; it charges nothing."""

    member_id: Annotated[UUID, internal]
    plan_id: Code
    tender: Code
    remind_days: Annotated[int | None, Field(ge=5, le=90), public] = None


class RenewMembership(Model):
    """The member's own consent to another term at the plan's fee of today."""

    consent: Annotated[Literal[True], public]
    tender: Code
    remind_days: Annotated[int | None, Field(ge=5, le=90), public] = None


class UseBenefit(Model):
    """A benefit of the plan was used."""

    benefit: Code


class PaidMembership(Model):
    """Days are the programme's; `ends_on` is the first day without it."""

    membership_id: Annotated[UUID, internal]
    member_id: Annotated[UUID, internal]
    plan: Annotated[Plan, public]  # as it was when it was bought
    status: Annotated[Literal["ahead", "active", "ended", "cancelled"], public]
    starts_on: Annotated[date, public]
    ends_on: Annotated[date, public]
    fee: Annotated[Money, public]
    refunded: Annotated[Money, public]
    benefit_used: Annotated[bool, public]
    auto_renews: Annotated[Literal[False], public] = False
    notice_on: Annotated[date, public]
    announced_at: Annotated[datetime | None, public]
    bought_at: Annotated[datetime, public]
    cancelled_at: Annotated[datetime | None, public]


class PaidMemberships(Model):
    """A member's, newest first."""

    data: Annotated[list[PaidMembership], internal]
    next_cursor: Annotated[str | None, public] = None


_PATH = "/v1/memberships/paid"
_ONE = f"{_PATH}/{{membership_id}}"
_TAGS = ("paid memberships",)
_PLANNING = frozenset({Role.PLANNER, Role.OPERATOR, Role.ADMIN})

OPERATIONS: list[Operation] = [
    Operation(
        "GET", "/v1/membership-plans", "points", "Plans of paid membership",
        EVERYONE, response=Plans, own=None, tags=_TAGS,
    ),
    Operation(
        "PUT", "/v1/membership-plans/{plan_id}", "points", "A new plan, or a changed one",
        _PLANNING, Plan, Plan, own=None, tags=_TAGS,
    ),
    Operation(
        "POST", _PATH, "points", "Buy a paid membership",
        SERVING, BuyMembership, PaidMembership, status=201, idempotent=True, own=None, tags=_TAGS,
    ),
    Operation(
        "GET", _ONE, "points", "A paid membership",
        READING, response=PaidMembership, own=None, tags=_TAGS,
    ),
    Operation(
        "GET", "/v1/members/{member_id}/paid-memberships", "points",
        "Paid memberships of a member, newest first",
        READING, response=PaidMemberships, tags=_TAGS,
    ),
    Operation(
        "POST", f"{_ONE}/renewals", "points", "Another term, because the member says so",
        SERVING, RenewMembership, PaidMembership, status=201, idempotent=True, own=None,
        tags=_TAGS,
    ),
    Operation(
        "POST", f"{_ONE}/cancel", "points", "End it now; the refund follows the plan's rule",
        SERVING | {Role.MEMBER}, response=PaidMembership, idempotent=True, own=None, tags=_TAGS,
    ),
    Operation(
        "POST", f"{_ONE}/uses", "points", "A benefit of it was used",
        SERVING, UseBenefit, PaidMembership, idempotent=True, own=None, tags=_TAGS,
    ),
]  # fmt: skip
