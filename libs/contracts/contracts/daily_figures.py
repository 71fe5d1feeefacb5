"""What profile tells of everybody once a day, in sums: for the KPI board."""

from datetime import date
from typing import Annotated

from contracts.base import Event, Record
from contracts.classification import counted, public


class FigureRow(Record, frozen=True):
    """Members of a group: `by` all, channel (the one they buy in most) or segment.

    `high_risk`: churn of 0.8 or more, who are not `lost` (91 days without a purchase) already.
    `valued` have a lifetime value, `value_fen` together. `tagged` have five tags or more.
    """

    by: Annotated[str, public]
    key: Annotated[str, public]  # "" for all
    members: Annotated[int, counted]
    high_risk: Annotated[int, counted]
    lost: Annotated[int, counted]
    valued: Annotated[int, counted]
    value_fen: Annotated[int, counted]
    tagged: Annotated[int, counted]
    name: Annotated[str | None, public] = None  # of a segment


class DailyFigures(Event, frozen=True):
    """How things stood as `day` ended. Told once a day, of the last day if several are over."""

    subject = "profile.daily_figures.v1"
    day: Annotated[date, public]
    rows: Annotated[list[FigureRow], public]
