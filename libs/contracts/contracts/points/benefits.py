"""Benefits, what members are entitled to, and applications."""

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from contracts.base import Model, Money
from contracts.classification import internal, public
from contracts.operations import PAGING, Operation, Query
from contracts.points.common import Cny, Code, Ref, Words
from contracts.roles import EVERYONE, READING, SERVING, Role

PLANNING = frozenset({Role.PLANNER, Role.ADMIN})
DESK = frozenset({Role.GUIDE, Role.SERVICE_AGENT, Role.COMPLIANCE, Role.OPERATOR, Role.ADMIN})
HANDLING = DESK - {Role.COMPLIANCE}

BenefitId = Annotated[str, Field(pattern="^[a-z][a-z0-9_]{0,63}$"), public]
Area = Annotated[str, Field(pattern="^[0-9]{6}$"), public]
Note = Literal["leave_at_door", "call_before", "morning", "evening", "weekend", "fragile", "gift"]
Reason = Literal["out_of_area", "not_available", "not_eligible", "withdrawn", "duplicate", "other"]


class BenefitTerms(Model):
    """A benefit that is applied for: fulfilled within `hours`, in `areas` only (none: anywhere).

    Areas are cities as GB/T 2260 numbers them. With `order_from`, the application names an order of
    the member's of that amount at least.
    """

    hours: Annotated[int, Field(ge=1, le=24 * 90), public]
    areas: Annotated[list[Area], Field(max_length=500), public] = Field(default_factory=list)
    order_from: Annotated[Cny | None, public] = None


class BenefitCoupon(Model):
    """A coupon given by itself.

    birthday: on the day; who was born on 29 February has it on the 28th in common years.
    referral: when the first purchase of a member one brought is rewarded.
    """

    on: Annotated[Literal["birthday", "referral"], public]
    template_id: Annotated[UUID, internal]


class BenefitChange(Model):
    """What a benefit is. `value`: what one use is worth to a member, or a period of it without a
    quota; 0 for kind price, whose worth follows from the tier's price.

    `earned_in`: an order of the period in one of these channels earns it (none: no order needed);
    `used_in`: channels it can be used in (none: any).
    """

    kind: Annotated[
        Literal["price", "service", "experience", "emotional", "social", "privilege"], public
    ]
    name: Annotated[Words, public]
    description: Annotated[Words, public]
    period: Annotated[Literal["month", "year"], public] = "month"
    value: Annotated[Money, public]
    earned_in: Annotated[list[Code], Field(max_length=50), public] = Field(default_factory=list)
    used_in: Annotated[list[Code], Field(max_length=50), public] = Field(default_factory=list)
    application: Annotated[BenefitTerms | None, public] = None
    coupon: Annotated[BenefitCoupon | None, public] = None
    active: Annotated[bool, public] = True


class NewBenefit(BenefitChange):
    """A benefit and its id."""

    benefit_id: BenefitId


class Benefit(NewBenefit):
    """A benefit as it is now."""

    version: Annotated[int, public]
    changed_at: Annotated[datetime, public]


class Benefits(Model):
    """The catalogue, by id. Which tier has what is in the ladders."""

    data: Annotated[list[Benefit], public]


class Entitlement(Model):
    """What a member has of a benefit in the present period.

    `quota` and `left` are null where it can be used as often as one likes. `earned` false: an order
    in one of its channels is needed first.
    """

    benefit_id: Annotated[str, public]
    kind: Annotated[str, public]
    name: Annotated[Words, public]
    description: Annotated[Words, public]
    period: Annotated[str, public]
    period_begins: Annotated[date, public]
    period_ends: Annotated[datetime, public]
    quota: Annotated[int | None, public]
    used: Annotated[int, public]
    left: Annotated[int | None, public]
    earned: Annotated[bool, public]
    used_in: Annotated[list[str], public]
    apply: Annotated[bool, public]  # it is applied for


class Entitlements(Model):
    """What a member's tier gives."""

    member_id: Annotated[UUID, internal]
    ladder_id: Annotated[str, public]
    tier: Annotated[str, public]
    price_percent: Annotated[int, public]
    data: Annotated[list[Entitlement], public]


class BenefitUseRequest(Model):
    """Where a benefit is used."""

    channel: Annotated[Code | None, public] = None
    store: Annotated[Code | None, public] = None


class BenefitUse(Model):
    """A use that was counted."""

    use_id: Annotated[UUID, internal]
    member_id: Annotated[UUID, internal]
    benefit_id: Annotated[str, public]
    period_begins: Annotated[date, public]
    quota: Annotated[int | None, public]
    used: Annotated[int, public]
    left: Annotated[int | None, public]
    used_at: Annotated[datetime, public]


class BenefitApplicationRequest(Model):
    """An application. The address is the service desk's to know: here is its city only."""

    benefit_id: BenefitId
    area: Annotated[Area | None, public] = None
    note: Annotated[Note | None, public] = None
    order_no: Annotated[Ref | None, internal] = None


class BenefitRefusal(Model):
    """Why an application is refused."""

    reason: Annotated[Reason, public]


class BenefitApplication(Model):
    """An application: applied → accepted → fulfilled, or refused, which gives the use back.

    `overdue`: it was not fulfilled by `due_at`.
    """

    application_id: Annotated[UUID, internal]
    member_id: Annotated[UUID, internal]
    benefit_id: Annotated[str, public]
    area: Annotated[str | None, public]
    note: Annotated[str | None, public]
    order_no: Annotated[str | None, internal]
    status: Annotated[str, public]
    overdue: Annotated[bool, public]
    reason: Annotated[str | None, public]
    applied_at: Annotated[datetime, public]
    due_at: Annotated[datetime, public]
    changed_at: Annotated[datetime, public]


class BenefitApplications(Model):
    """A page of applications, oldest first."""

    data: Annotated[list[BenefitApplication], public]
    next_cursor: Annotated[str | None, public]


_MEMBER = "/v1/members/{member_id}"
_BENEFIT = "/v1/benefits/{benefit_id}"
_APPLICATION = "/v1/benefit-applications/{application_id}"
_TAGS = ("benefits",)

OPERATIONS: list[Operation] = [
    Operation(
        "GET", "/v1/benefits", "points", "The catalogue of benefits",
        EVERYONE, response=Benefits, own=None, tags=_TAGS,
    ),
    Operation(
        "POST", "/v1/benefits", "points", "A new benefit",
        PLANNING, request=NewBenefit, response=Benefit, status=201, own=None, tags=_TAGS,
    ),
    Operation(
        "GET", _BENEFIT, "points", "A benefit",
        EVERYONE, response=Benefit, own=None, tags=_TAGS,
    ),
    Operation(
        "PUT", _BENEFIT, "points", "Change a benefit",
        PLANNING, request=BenefitChange, response=Benefit, own=None, tags=_TAGS,
    ),
    Operation(
        "GET", f"{_MEMBER}/benefits", "points", "What a member is entitled to, and what is left",
        READING, response=Entitlements, tags=_TAGS,
    ),
    Operation(
        "POST", f"{_MEMBER}/benefits/{{benefit_id}}/uses", "points", "Use a benefit",
        SERVING | {Role.MEMBER, Role.PARTNER}, request=BenefitUseRequest, response=BenefitUse,
        idempotent=True, tags=_TAGS,
    ),
    Operation(
        "GET", f"{_MEMBER}/benefit-applications", "points", "A member's applications",
        READING, response=BenefitApplications, query=PAGING, tags=_TAGS,
    ),
    Operation(
        "POST", f"{_MEMBER}/benefit-applications", "points", "Apply for a benefit",
        SERVING | {Role.MEMBER}, request=BenefitApplicationRequest, response=BenefitApplication,
        idempotent=True, tags=_TAGS,
    ),
    Operation(
        "GET", "/v1/benefit-applications", "points", "Applications, overdue ones if asked for",
        DESK, response=BenefitApplications, own=None, tags=_TAGS,
        query=(
            Query("status", str, "applied, accepted, fulfilled, refused, or overdue; else all"),
            *PAGING,
        ),
    ),
    Operation(
        "POST", f"{_APPLICATION}/accept", "points", "Take an application on",
        HANDLING, response=BenefitApplication, idempotent=True, own=None, tags=_TAGS,
    ),
    Operation(
        "POST", f"{_APPLICATION}/fulfil", "points", "An application is fulfilled",
        HANDLING, response=BenefitApplication, idempotent=True, own=None, tags=_TAGS,
    ),
    Operation(
        "POST", f"{_APPLICATION}/refuse", "points", "Refuse an application; its use is given back",
        HANDLING, request=BenefitRefusal, response=BenefitApplication, idempotent=True, own=None,
        tags=_TAGS,
    ),
]  # fmt: skip
