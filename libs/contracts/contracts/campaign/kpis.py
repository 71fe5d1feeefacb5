"""The KPI board: one definition of every figure, targets, colours, what moved. Owned by campaign.

The definitions are a file of campaign's (docs/kpis.md is made from it); targets can be changed.
"""

from datetime import date
from typing import Annotated, Literal

from pydantic import AwareDatetime, Field

from contracts.base import Model
from contracts.classification import counted, internal, public, summed
from contracts.operations import PAGING, Operation, Query
from contracts.points.common import Words
from contracts.roles import FIGURES, Role

KpiKey = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{1,39}$")]
Breakdown = Literal["channel", "store", "segment", "month"]
Colour = Literal["red", "amber", "green"]
Bound = Annotated[float, Field(ge=-1_000_000_000, le=1_000_000_000)]


class KpiDefinition(Model):
    """What a figure means: `numerator` ÷ `denominator`, in `unit`, over days of the period.

    `better`: whether more of it is better or less. `parts`: what it can be broken down by.
    """

    kpi: Annotated[KpiKey, public]
    name: Annotated[Words, public]
    definition: Annotated[Words, public]
    numerator_name: Annotated[Words, public]
    denominator_name: Annotated[Words, public]
    unit: Annotated[Literal["percent", "fen", "times", "points"], public]
    better: Annotated[Literal["more", "less"], public]
    parts: Annotated[list[Breakdown], public]


class KpiRow(Model):
    """A figure in the period, and in as many days before it; `part` None: the whole.

    `value` is numerator ÷ denominator, times 100 where the unit is percent or points; None where
    the denominator is 0. `low` and `high`: 95 % interval where answers are a sample. `members`: so
    many stand behind it at least. `effect`: what the part adds to the whole's change; the parts'
    effects add up to it. `status` by the target of the whole.
    """

    kpi: Annotated[KpiKey, public]
    part: Annotated[str | None, public] = None
    name: Annotated[str | None, public] = None
    value: Annotated[float | None, counted] = None
    low: Annotated[float | None, counted] = None
    high: Annotated[float | None, counted] = None
    numerator: Annotated[int, summed("members")]
    denominator: Annotated[int, summed("members")]
    members: Annotated[int, counted]
    previous: Annotated[float | None, counted] = None
    effect: Annotated[float | None, counted] = None
    target: Annotated[float | None, counted] = None
    amber: Annotated[float | None, counted] = None
    status: Annotated[Colour | None, counted] = None


class KpiBoard(Model):
    """The figures of days `since` to `until`, both included; a day is in it once it is over.

    For data operators: counts and sums of ten members at least, and no ratios.
    """

    since: Annotated[date, public]
    until: Annotated[date, public]
    previous_since: Annotated[date, public]
    previous_until: Annotated[date, public]
    by: Annotated[Breakdown | None, public] = None
    waiting: Annotated[bool, public]
    definitions: Annotated[list[KpiDefinition], public]
    data: Annotated[list[KpiRow], public]


class KpiTarget(Model):
    """Green from `target` on, amber from `amber` on, red beyond: upwards where more is better."""

    target: Annotated[Bound, public]
    amber: Annotated[Bound, public]


class KpiTargetsBody(Model):
    """Targets of figures; those not named have the shipped ones."""

    targets: Annotated[dict[KpiKey, KpiTarget], Field(max_length=50), public]
    note: Annotated[str | None, Field(max_length=500), internal] = None


class KpiTargets(Model):
    """Targets in force, all of them; version 0 is what is shipped."""

    version: Annotated[int, public]
    targets: Annotated[dict[str, KpiTarget], public]
    note: Annotated[str | None, internal] = None
    changed_by: Annotated[str | None, internal] = None
    changed_at: Annotated[AwareDatetime | None, public] = None


class KpiTargetHistory(Model):
    """Targets in force, and all that were before, the newest first."""

    current: Annotated[KpiTargets, public]
    versions: Annotated[list[KpiTargets], public]


class KpiReport(Model):
    """The board of a week as it was on the Monday after, and what it says: red first."""

    week: Annotated[date, public]
    written_at: Annotated[AwareDatetime, public]
    board: Annotated[KpiBoard, public]
    zh: Annotated[list[str], public]
    en: Annotated[list[str], public]


class KpiReports(Model):
    """Weekly reports, the newest first."""

    data: Annotated[list[KpiReport], public]
    next_cursor: Annotated[str | None, public] = None


BOARD = FIGURES | {Role.APPROVER}
REPORT = BOARD - {Role.DATA_OPERATOR}
_TAGS = ("kpis",)
_DAYS = (
    Query("from", date, "first day; 27 days before `to` unless given"),
    Query("to", date, "last day, included; yesterday unless given"),
    Query("by", Breakdown, "break down by channel, store, segment or month"),
)

OPERATIONS: list[Operation] = [
    Operation(
        "GET", "/v1/kpis", "campaign", "The KPI board: figures, targets, colours, what moved",
        BOARD, response=KpiBoard, query=_DAYS, own=None, tags=_TAGS,
    ),
    Operation(
        "GET", "/v1/kpis/reports", "campaign", "Weekly reports, the newest first",
        REPORT, response=KpiReports, query=PAGING, own=None, tags=_TAGS,
    ),
    Operation(
        "GET", "/v1/kpi-targets", "campaign", "Targets in force, and those before",
        REPORT, response=KpiTargetHistory, own=None, tags=_TAGS,
    ),
    Operation(
        "PUT", "/v1/kpi-targets", "campaign", "Set targets: a new version",
        frozenset({Role.OPERATOR, Role.ADMIN}), request=KpiTargetsBody, response=KpiTargets,
        own=None, tags=_TAGS,
    ),
]  # fmt: skip
