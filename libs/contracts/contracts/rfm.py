"""Recency, frequency, money: a member's cell, the population's, and what to do in each cell."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from contracts.base import Model, Money
from contracts.classification import counted, internal, public, quasi
from contracts.operations import Operation, Query
from contracts.points.common import Words
from contracts.roles import FIGURES, Role

CELL = r"^[123]-[123]-[123]$"
Touch = Literal["pos", "miniprogram", "wechat", "push", "sms", "email", "call"]


class RfmStrategyBody(Model):
    """What a cell is called, who they are, what to do about them, with which offer, through which
    channels (the best first), and how many days to leave between two contacts at least."""

    name: Annotated[Words, public]
    who: Annotated[Words, public]
    action: Annotated[Words, public]
    offer: Annotated[Words, public]
    channels: Annotated[list[Touch], Field(min_length=1, max_length=7), public]
    every_days: Annotated[int, Field(ge=1, le=365), public]


class RfmStrategy(RfmStrategyBody):
    """The strategy of a cell `r-f-m`; `changed_by` None: as it was shipped."""

    cell: Annotated[str, public]
    changed_by: Annotated[str | None, internal] = None
    changed_at: Annotated[datetime | None, public] = None


class RfmCell(Model):
    """A cell, how many members are in it today, and what to do about them."""

    cell: Annotated[str, public]
    members: Annotated[int, counted]
    strategy: Annotated[RfmStrategy, public]


class RfmCells(Model):
    """All 27, the most recent and strongest first. `members` have bought at least once and let
    conclusions be drawn. `unmeasured`: frequency and money have no bounds yet, so all are in band 1
    of both."""

    members: Annotated[int, counted]
    unmeasured: Annotated[bool, public]
    data: Annotated[list[RfmCell], public]


class Rfm(Model):
    """Recency in programme days, frequency in orders, money net of refunds, the cell `r-f-m`, and
    what to do about members in it.

    Bands 1–3: recency ≤ 30, 31–90, > 90 days; frequency and money by the population's terciles as
    last measured (first of the month), 3 being the highest.
    """

    recency_days: Annotated[int, quasi]
    frequency: Annotated[int, quasi]
    monetary: Annotated[Money, quasi]
    cell: Annotated[str, quasi]
    strategy: Annotated[RfmStrategy, quasi]


class RfmReport(Model):
    """Members with a purchase before `at`, by cell.

    `terciles`: cells "r-f-m" of bands 1–3, band 1 being values up to the lower bound; `bounds` are
    the two bounds of recency (days), frequency (orders) and money (fen). `days`: recency only,
    "<=30", "31-90", ">90".
    """

    at: Annotated[datetime, public]
    scheme: Annotated[Literal["terciles", "days"], public]
    members: Annotated[int, counted]
    cells: Annotated[dict[str, int], counted]
    bounds: Annotated[dict[str, tuple[float, float]] | None, counted] = None


STRATEGISTS = frozenset({Role.PLANNER, Role.OPERATOR, Role.ADMIN})

OPERATIONS: list[Operation] = [
    Operation(
        "GET", "/v1/insights/rfm", "profile", "Members by recency, frequency and money", FIGURES,
        response=RfmReport,
        query=(
            Query("at", datetime, "as of this moment; now if left out"),
            Query("scheme", str, "terciles (default) or days"),
        ),
        own=None, tags=("insights",),
    ),
    Operation(
        "GET", "/v1/rfm-cells", "profile", "The 27 cells: members today, and what to do",
        FIGURES - {Role.DATA_OPERATOR}, response=RfmCells, own=None, tags=("insights",),
    ),
    Operation(
        "PUT", "/v1/rfm-cells/{cell}/strategy", "profile", "What to do about members of a cell",
        STRATEGISTS, RfmStrategyBody, RfmStrategy, own=None, tags=("insights",),
    ),
    Operation(
        "DELETE", "/v1/rfm-cells/{cell}/strategy", "profile", "Back to the shipped strategy",
        STRATEGISTS, response=RfmStrategy, own=None, tags=("insights",),
    ),
]  # fmt: skip
