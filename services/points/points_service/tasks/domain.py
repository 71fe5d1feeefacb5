"""Tasks and the periods in which they can be done once."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from points_service.calendar import months_later, start_of
from points_service.earning.rules.rule import Condition

FIRST, LAST = date(2000, 1, 1), date(9000, 1, 1)  # days between which everything happens
TASK = "task"  # the kind of growth that tasks bring


@dataclass(frozen=True, slots=True)
class Goal:
    """Orders that count; `spend_fen`: what is to be paid for their goods, instead of how often."""

    conditions: tuple[Condition, ...] = ()
    spend_fen: int | None = None


@dataclass(frozen=True, slots=True)
class Task:
    """Do `act`, or what `goal` says, `times` times in a period (day, week, month, year, ever)."""

    task_id: str
    act: str | None
    goal: Goal | None
    times: int
    period: str
    growth: int = 0
    points: int = 0
    badge: str | None = None
    valid_from: datetime | None = None
    valid_until: datetime | None = None

    def reached(self, orders: Iterable[tuple[datetime, int]]) -> datetime | None:
        """When purchases of a period, (paid at, fen) in that sequence, came to the goal."""
        assert self.goal is not None
        spend, fen = self.goal.spend_fen, 0
        for n, (paid_at, each) in enumerate(orders, 1):
            fen += each
            if fen >= spend if spend is not None else n >= self.times:
                return paid_at
        return None

    @property
    def goal_size(self) -> int:
        """How often, or how many fen."""
        return self.times if self.goal is None else self.goal.spend_fen or self.times

    def progress(self, orders: Iterable[tuple[datetime, int]]) -> int:
        """How far purchases of a period go."""
        found = [fen for _, fen in orders]
        return sum(found) if self.goal and self.goal.spend_fen else len(found)

    def counts(self, at: datetime) -> bool:
        """Whether an act of that moment counts."""
        return not (
            (self.valid_from and at < self.valid_from)
            or (self.valid_until and at >= self.valid_until)
        )

    def begins(self, day: date) -> date:
        """The first day of the period a day is in; it names the period."""
        if self.period == "week":
            return day - timedelta(days=day.weekday())
        if self.period == "month":
            return day.replace(day=1)
        if self.period == "year":
            return day.replace(month=1, day=1)
        return day if self.period == "day" else FIRST

    def ends(self, begin: date) -> date:
        """The first day after a period."""
        if self.period in ("day", "week"):
            return begin + timedelta(days=1 if self.period == "day" else 7)
        months = {"month": 1, "year": 12}.get(self.period)
        return months_later(begin, months) if months else LAST

    def span(self, begin: date) -> tuple[datetime, datetime]:
        """From and until when what is done in a period counts."""
        since, until = start_of(begin), start_of(self.ends(begin))
        return (
            max(since, self.valid_from) if self.valid_from else since,
            min(until, self.valid_until) if self.valid_until else until,
        )
