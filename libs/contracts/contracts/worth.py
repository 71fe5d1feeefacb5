"""What members are worth to the programme (customer lifetime value), and the terms it is by."""

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from contracts.base import Event, Model, Money
from contracts.classification import internal, public, quasi
from contracts.operations import Operation
from contracts.roles import Role

Band = Literal["high", "middle", "low"]
Percent = Annotated[float, Field(ge=-100, le=100)]
Name = Annotated[str, Field(min_length=1, max_length=100)]
Cost = Annotated[int, Field(ge=0, le=100_000_000)]


class ClvFalling(Event, frozen=True):
    """The value of members fell three months in a row (told by profile on the first of `month`); a
    row is (member, fen three months ago, fen now). Told once a member and run."""

    subject = "profile.clv_falling.v1"
    month: Annotated[date, public]
    members: Annotated[list[tuple[UUID, int, int]], internal]


class ClvMonth(Model):
    """A member's value as it was on the first of a month; may be negative."""

    month: Annotated[date, public]
    value_fen: Annotated[int, quasi]


class Clv(Model):
    """What a member is expected to spend, and is worth.

    `spend` is expected in the next `horizon_days`, `yearly_spend` in the next 12 months.
    `yearly_profit_fen` = `yearly_spend` × `margin` − service cost; `value_fen` = that ×
    `expected_years` − acquisition cost. `expected_years` counts years as good as the next one, and
    is less than `years_ahead` of the terms by as much as the member's purchases are expected to
    thin out. Bands by value: top 20 %, middle 60 %, last 20 %. `falling`: three months in a row.
    """

    spend: Annotated[Money, quasi]
    horizon_days: Annotated[int, public]
    yearly_spend: Annotated[Money | None, quasi] = None
    margin: Annotated[float | None, quasi] = None
    yearly_profit_fen: Annotated[int | None, quasi] = None
    expected_years: Annotated[float | None, quasi] = None
    value_fen: Annotated[int | None, quasi] = None
    band: Annotated[Band | None, quasi] = None
    falling: Annotated[bool, quasi] = False
    months: Annotated[list[ClvMonth], quasi] = []


class ClvTermsBody(Model):
    """By what a member's value is reckoned, for the whole programme.

    Margins in percent of what is paid, of departments where they differ; costs in fen: of serving
    a member for a year, and of winning one, by channel of registration where that differs.
    """

    margin_percent: Annotated[Percent, public] = 22.0
    department_margins: Annotated[dict[Name, Percent], Field(max_length=500), public] = {}
    service_cost_fen: Annotated[Cost, public] = 1_200
    acquisition_cost_fen: Annotated[Cost, public] = 2_000
    channel_acquisition_costs: Annotated[dict[Name, Cost], Field(max_length=100), public] = {}
    years_ahead: Annotated[int, Field(ge=1, le=5), public] = 3


class ClvTerms(ClvTermsBody):
    """The terms in force; `reckoned_at`: when members' values last followed from forecasts and
    terms (`waiting`: they are to be reckoned again)."""

    changed_by: Annotated[str | None, internal] = None
    changed_at: Annotated[datetime | None, public] = None
    reckoned_at: Annotated[datetime | None, public] = None
    waiting: Annotated[bool, public] = False


KNOWING = frozenset({Role.ANALYST, Role.PLANNER, Role.OPERATOR, Role.ADMIN})

OPERATIONS: list[Operation] = [
    Operation(
        "GET", "/v1/clv-terms", "profile", "By what members' values are reckoned", KNOWING,
        response=ClvTerms, own=None, tags=("models",),
    ),
    Operation(
        "PUT", "/v1/clv-terms", "profile", "Reckon members' values by other terms",
        frozenset({Role.OPERATOR, Role.ADMIN}), ClvTermsBody, ClvTerms, own=None, tags=("models",),
    ),
]  # fmt: skip
