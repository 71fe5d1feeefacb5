"""Partner programmes: exchange of points at set rates, and who owes whom for them each month."""

from datetime import datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import Field, model_validator

from contracts.base import Model
from contracts.classification import internal, public
from contracts.operations import DRY_RUN, PAGING, Operation, Query
from contracts.points import packages, paid_memberships, rulebook, stored_value
from contracts.points.common import Code, Moment, Points, Ref, Words
from contracts.roles import EVERYONE, READING, SERVING, STAFF, Role

Direction = Literal["in", "out"]
Month = r"^[0-9]{4}-(0[1-9]|1[0-2])$"


class ExchangeRate(Model):
    """`points` of ours are worth `units` of the partner's: an exact ratio, never a decimal."""

    points: Points
    units: Points


class ExchangeLimits(Model):
    """In points; None is no limit. Days and months are the programme's."""

    per_exchange: Annotated[int | None, Field(gt=0), public] = None
    member_day: Annotated[int | None, Field(gt=0), public] = None
    member_month: Annotated[int | None, Field(gt=0), public] = None
    total_month: Annotated[int | None, Field(gt=0), public] = None


class ExchangeTerms(Model):
    """One direction of the exchange."""

    rate: Annotated[ExchangeRate, public]
    limits: Annotated[ExchangeLimits, public] = Field(default_factory=ExchangeLimits)


class PartnerTerms(Model):
    """What members may know of a partner. `outward`: points become its units; `inward`: back.

    A merchant that has a shop here too carries the shop's id, so that settlements name it once.
    """

    partner_id: Code
    kind: Annotated[Literal["airline", "bank", "merchant"], public]
    names: Annotated[Words, public]
    unit: Annotated[Words, public]  # miles, 里程
    outward: Annotated[ExchangeTerms | None, public] = None
    inward: Annotated[ExchangeTerms | None, public] = None
    valid_from: Annotated[Moment, public]
    valid_until: Annotated[Moment | None, public] = None

    def terms(self, direction: Direction) -> ExchangeTerms | None:
        """Those of a direction."""
        return self.outward if direction == "out" else self.inward

    def in_force(self, now: datetime) -> bool:
        """Whether it holds at that moment."""
        return self.valid_from <= now and (self.valid_until is None or now < self.valid_until)


class Partner(PartnerTerms):
    """`clients` are the partner's own programs: subjects of tokens with role `partner`."""

    clients: Annotated[list[Ref], Field(max_length=20), internal] = Field(default_factory=list)


class Partners(Model):
    """All of them, by id."""

    data: Annotated[list[PartnerTerms], public]
    next_cursor: Annotated[str | None, public] = None


class PartnerExchangeRequest(Model):
    """Points or units, one of them. `partner_ref` names the exchange at the partner, once."""

    partner_id: Code
    direction: Annotated[Direction, public]
    points: Annotated[int | None, Field(gt=0, le=1_000_000_000), public] = None
    units: Annotated[int | None, Field(gt=0, le=1_000_000_000), public] = None
    partner_ref: Ref

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.points is None) == (self.units is None):
            raise ValueError("either points or units")
        return self


class PartnerExchange(Model):
    """`exchange_id` is None for a dry run; `balance` is what the member had afterwards."""

    exchange_id: Annotated[UUID | None, internal]
    member_id: Annotated[UUID, internal]
    partner_id: Code
    direction: Annotated[Direction, public]
    points: Annotated[int, public]
    units: Annotated[int, public]
    partner_ref: Ref
    status: Annotated[Literal["booked", "reversed"], public]
    exchanged_at: Annotated[datetime, public]
    reversed_at: Annotated[datetime | None, public]
    balance: Annotated[int, public]


class PartnerExchanges(Model):
    """A page, newest first."""

    data: Annotated[list[PartnerExchange], internal]
    next_cursor: Annotated[str | None, public]


class SettlementLine(Model):
    """What a party did in the month; points, and fen where it says so.

    net = honoured + exchanged_out − exchanged_in + expired + outstanding − issued. More than 0 is
    to be paid to the party, less is to be paid by it; over all parties it is 0. `outstanding` is
    what members have more (or less) than before: the programme keeps its money for them.
    """

    party: Annotated[str, public]  # a store, a partner, `programme` or `breakage`
    issued: Annotated[int, public] = 0
    honoured: Annotated[int, public] = 0
    exchanged_out: Annotated[int, public] = 0
    exchanged_in: Annotated[int, public] = 0
    expired: Annotated[int, public] = 0
    outstanding: Annotated[int, public] = 0
    net: Annotated[int, public] = 0
    net_fen: Annotated[int, public] = 0
    sales_fen: Annotated[int, public] = 0  # stored value and packages it was paid with
    bonus_fen: Annotated[int, public] = 0  # stored-value bonus it gave
    coupon_fen: Annotated[int, public] = 0  # coupons it paid for


class Settlement(Model):
    """A month's statement; once closed it never changes.

    What is posted belongs to the month it was posted in. What appears in a closed month after all
    (a clock that was set back) is in the first month that is open.
    """

    month: Annotated[str, Field(pattern=Month), public]
    closed_at: Annotated[datetime | None, public]
    points_per_yuan: Annotated[int, public]
    lines: Annotated[list[SettlementLine], public]
    net: Annotated[int, public]
    net_fen: Annotated[int, public]


_MEMBER = "/v1/members/{member_id}"
_MONTH = Query("month", str, "YYYY-MM of the programme's calendar", required=True)
_PLANNING = frozenset({Role.PLANNER, Role.OPERATOR, Role.ADMIN})
_CLOSING = frozenset({Role.COMPLIANCE, Role.OPERATOR, Role.ADMIN})
_FIGURES = _CLOSING | {Role.ANALYST, Role.PLANNER}

OPERATIONS: list[Operation] = [
    Operation(
        "GET", "/v1/partners", "points", "Partner programmes and their rates",
        EVERYONE, response=Partners, own=None, tags=("programmes",),
    ),
    Operation(
        "POST", "/v1/partners", "points", "A new partner programme",
        _PLANNING, Partner, Partner, status=201, own=None, tags=("programmes",),
    ),
    Operation(
        "GET", "/v1/partners/{partner_id}", "points", "A partner programme",
        STAFF | {Role.PARTNER}, response=Partner, own=None, tags=("programmes",),
    ),
    Operation(
        "PUT", "/v1/partners/{partner_id}", "points", "Change a partner programme",
        _PLANNING, Partner, Partner, own=None, tags=("programmes",),
    ),
    Operation(
        "POST", f"{_MEMBER}/exchanges", "points",
        "Exchange points with a partner; members may only give them out",
        SERVING | {Role.MEMBER, Role.PARTNER}, PartnerExchangeRequest, PartnerExchange,
        query=(DRY_RUN,), idempotent=True, counted=True, tags=("programmes",),
    ),
    Operation(
        "GET", f"{_MEMBER}/exchanges", "points", "Exchanges of a member, newest first",
        READING, response=PartnerExchanges, query=PAGING, tags=("programmes",),
    ),
    Operation(
        "POST", f"{_MEMBER}/exchanges/{{exchange_id}}/reverse", "points",
        "Undo an exchange that failed at the partner",
        frozenset({Role.SERVICE_AGENT, Role.PARTNER, Role.OPERATOR, Role.ADMIN}),
        response=PartnerExchange, idempotent=True, tags=("programmes",),
    ),
    Operation(
        "GET", "/v1/partners/{partner_id}/settlements", "points",
        "What a partner is owed or owes for a month",
        _FIGURES | {Role.PARTNER}, response=Settlement, query=(_MONTH,), own=None,
        tags=("programmes",),
    ),
    Operation(
        "GET", "/v1/settlements", "points", "Who issued, who honoured, net, for a month",
        _FIGURES, response=Settlement, query=(_MONTH,), own=None, tags=("programmes",),
    ),
    Operation(
        "POST", "/v1/settlements/{month}/close", "points", "Close a month for good",
        _CLOSING, response=Settlement, own=None, tags=("programmes",),
    ),
    *packages.OPERATIONS,
    *stored_value.OPERATIONS,
    *paid_memberships.OPERATIONS,
    *rulebook.OPERATIONS,
]  # fmt: skip
