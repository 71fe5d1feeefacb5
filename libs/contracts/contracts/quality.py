"""Quality's part of the public surface: how good the collected data are, now and week by week."""

from datetime import date, datetime
from typing import Annotated, Literal

from contracts.base import Model
from contracts.classification import public
from contracts.operations import PAGING, Operation, Query
from contracts.roles import Role

Light = Literal["green", "amber", "red", "unknown"]


class Completeness(Model):
    """How many rows have a field. `voluntary`: members need not tell it, so it colours no report;
    `share` is None where there are no rows."""

    area: Annotated[str, public]  # member, product, store, order, order_line, behaviour
    field: Annotated[str, public]
    voluntary: Annotated[bool, public]
    rows: Annotated[int, public]
    filled: Annotated[int, public]
    share: Annotated[float | None, public] = None
    light: Annotated[Light, public]


class AmountErrors(Model):
    """Orders of the days whose money cannot be right, of those booked and those refused.

    `refused`: put aside because of an amount. `wrong`: booked, but paid without any line that
    costs something, with a negative amount, or with more given back than was paid.
    """

    orders: Annotated[int, public]
    refused: Annotated[int, public]
    wrong: Annotated[int, public]
    share: Annotated[float | None, public] = None
    light: Annotated[Light, public]


class Freshness(Model):
    """Seconds from the gateway's receipt of a message to its being in the profile. `late`: took
    longer than `within_seconds`; `unread`: still on the way now (None in a kept report)."""

    within_seconds: Annotated[int, public]
    messages: Annotated[int, public]
    late: Annotated[int, public]
    worst_seconds: Annotated[float | None, public] = None
    unread: Annotated[int | None, public] = None
    light: Annotated[Light, public]


class QuarantineReason(Model):
    """Messages that were put aside for one reason; `pointer` has `*` for places in lists."""

    stage: Annotated[str, public]
    reason: Annotated[str, public]
    pointer: Annotated[str, public]
    put_aside: Annotated[int, public]
    replayed: Annotated[int, public]


class QuarantineFigures(Model):
    """What could not be taken on these days, the most frequent reason first, and how many of all
    days still wait."""

    put_aside: Annotated[int, public]
    replayed: Annotated[int, public]
    waiting: Annotated[int, public]
    reasons: Annotated[list[QuarantineReason], public]


class TagFlips(Model):
    """Tags that members lost suddenly: noticed and decided about on these days, and waiting."""

    noticed: Annotated[int, public]
    decided: Annotated[int, public]
    waiting: Annotated[int, public]


class CorrectedField(Model):
    """How often cleaning corrected a field by a rule."""

    field: Annotated[str, public]
    rule: Annotated[str, public]
    corrected: Annotated[int, public]


class Duplicates(Model):
    """Members who may be one person: pairs found on these days, merged without anybody's looking,
    put before people; and how many of these wait since the last search."""

    hunted_at: Annotated[datetime, public]
    found: Annotated[int, public]
    merged: Annotated[int, public]
    reviews_new: Annotated[int, public]
    reviews_open: Annotated[int, public]


class QualityReport(Model):
    """The days `since` to `until` (not included). `light` is the worst of completeness (without
    voluntary fields), amounts and freshness; `zh` and `en` say it in sentences."""

    since: Annotated[date, public]
    until: Annotated[date, public]
    made_at: Annotated[datetime, public]
    light: Annotated[Light, public]
    completeness: Annotated[list[Completeness], public]
    amounts: Annotated[AmountErrors, public]
    freshness: Annotated[Freshness, public]
    quarantine: Annotated[QuarantineFigures, public]
    tag_flips: Annotated[TagFlips, public]
    duplicates: Annotated[Duplicates | None, public] = None
    corrections: Annotated[list[CorrectedField], public] = []
    zh: Annotated[list[str], public]
    en: Annotated[list[str], public]


class KeptReport(Model):
    """A week's report, by its Monday."""

    week: Annotated[date, public]
    made_at: Annotated[datetime, public]
    light: Annotated[Light, public]


class KeptReports(Model):
    """The newest first."""

    data: Annotated[list[KeptReport], public]
    next_cursor: Annotated[str | None, public] = None


WATCHING = frozenset({Role.ANALYST, Role.COMPLIANCE, Role.OPERATOR, Role.ADMIN})

OPERATIONS: list[Operation] = [
    Operation(
        "GET", "/v1/quality/report", "profile",
        "How good the data of the last seven days are, or of a week that was kept", WATCHING,
        response=QualityReport, query=(Query("week", date, "a Monday: the report kept of it"),),
        own=None, tags=("quality",),
    ),
    Operation(
        "GET", "/v1/quality/reports", "profile", "Weekly reports that were kept", WATCHING,
        response=KeptReports, query=PAGING, own=None, tags=("quality",),
    ),
]  # fmt: skip
