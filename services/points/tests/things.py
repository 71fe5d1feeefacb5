"""What the reference is made of: lots, and what has points out of them."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, timezone
from uuid import UUID

ZONE = timezone(timedelta(hours=8))  # the programme's days; China has had no summer time since 1991


def day_of(moment: datetime) -> date:
    """The day it is there."""
    return moment.astimezone(ZONE).date()


def begins(day: date) -> datetime:
    """When a day begins there."""
    return datetime(day.year, day.month, day.day, tzinfo=ZONE)


@dataclass(eq=False)
class Lot:
    """Points earned at once: `left` to spend, `gone` by expiry or depreciation, the rest is out."""

    lot_id: UUID
    holder: UUID
    earned_at: datetime
    ends: datetime
    points: int
    left: int
    gone: int = 0
    dead: bool = False
    seen: date | None = None  # the last depreciation it lived through
    first: UUID | None = None  # whose it was first
    out: Counter[UUID] = field(default_factory=Counter)  # points that are out, by who took them

    def __post_init__(self) -> None:
        self.first = self.first or self.holder

    def live(self, now: datetime) -> bool:
        """Whether `left` can be spent."""
        return not self.dead and now < self.ends

    def state(self) -> tuple[object, ...]:
        """To compare."""
        return self.earned_at, self.ends, self.points, self.left, self.gone, self.dead, self.seen


Parts = dict[Lot, int]  # points that something has out of lots


@dataclass(eq=False)
class Spend:
    """Points spent, perhaps with an order; `back` came back by refunds of it."""

    who: UUID
    order_no: str | None
    parts: Parts
    back: Counter[Lot] = field(default_factory=Counter)


@dataclass(eq=False)
class Order:
    """A booked order and what refunds took back."""

    who: UUID
    fen: int
    points: int
    growth: int
    lot: Lot | None
    gone_fen: int = 0
    points_back: int = 0
    growth_back: int = 0
    closed: bool = False


@dataclass(eq=False)
class Hold:
    """Points set aside. `status`: open, posted, voided or expired."""

    hold_id: UUID
    who: UUID
    order_no: str | None
    parts: Parts
    held_at: datetime
    ends: datetime
    status: str = "open"

    @property
    def points(self) -> int:
        """How many."""
        return sum(self.parts.values())


@dataclass(eq=False)
class Merge:
    """`gone` is below `kept` now: the debt it brought, and what paid debts at that moment."""

    kept: UUID
    gone: UUID
    at: datetime
    owed: int
    parts: Parts


def in_turn(lots: Iterable[Lot]) -> list[Lot]:
    """The one that ends first goes first; then what was earned first, then the smaller."""
    return sorted(lots, key=lambda lot: (lot.ends, lot.earned_at, lot.points, lot.lot_id))
