"""What earning rules are made of and look at."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from types import MappingProxyType
from uuid import UUID

from points_service.calendar import ZONE
from points_service.catalogue.domain import Goods

PARTS = 10**8  # of a point: what rules give adds up exactly and is rounded down once, at the end
ORDER = "order"  # what a purchase is to rules; everything else is a kind of act
Lines = frozenset[int] | None  # places of lines of an order; None: all of it, however paid


@dataclass(frozen=True, slots=True)
class Purchase:
    """A paid order; `items` are (sku, quantity, fen)."""

    order_no: str
    member_id: UUID
    store: str
    channel: str
    paid_at: datetime
    paid_fen: int
    items: list[tuple[str, int, int]]
    coupons: list[str]
    body_hash: bytes


@dataclass(frozen=True, slots=True)
class About:
    """What is known of a member besides the standing; months are 1 to 12.

    `birthdays`: the days of it that were announced.
    """

    birth_month: int | None = None
    birthdays: frozenset[date] = frozenset()
    tags: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Streak:
    """Days in a row that one more act joins: so many right before its day, so many right after."""

    before: int = 0
    after: int = 0


@dataclass(frozen=True, slots=True)
class Deed:
    """An order (`kind` is ORDER) or act as rules see it."""

    kind: str
    at: datetime
    tier: str
    tier_percent: int = 100
    paid_fen: int = 0
    items: Sequence[tuple[str, int, int]] = ()
    goods: Mapping[str, Goods] = field(default_factory=lambda: MappingProxyType({}))
    store: str | None = None
    channel: str | None = None
    first_purchase: bool = False
    about: About = field(default_factory=About)
    streak: Streak = field(default_factory=Streak)

    @property
    def local(self) -> datetime:
        """`at` by the programme's calendar."""
        return self.at.astimezone(ZONE)

    def fen(self, lines: Lines) -> int:
        """What was paid for these lines: their share of `paid_fen`, rounded down."""
        if lines is None:
            return self.paid_fen
        whole = sum(fen for _, _, fen in self.items)
        return self.paid_fen * sum(self.items[n][2] for n in lines) // whole if whole else 0


@dataclass(frozen=True, slots=True)
class Condition:
    """A kind of `rules.CONDITIONS` and its arguments; each kind uses those it needs."""

    kind: str
    any_of: frozenset[str] = frozenset()
    at_least: int | None = None
    at_most: int | None = None
    since: date | None = None
    until: date | None = None


class Gives(StrEnum):
    """What an effect gives."""

    POINTS = "points"
    GROWTH = "growth"


@dataclass(frozen=True, slots=True)
class Effect:
    """A kind of `rules.EFFECTS`: `amount` in its unit; `by_tier`: times the tier's percentage."""

    kind: str
    gives: Gives
    amount: int
    by_tier: bool = False


@dataclass(frozen=True, slots=True)
class ConditionKind:
    """One of: `holds(condition, deed)`; `matches(condition, sku, goods)`, which picks the lines the
    effect is about; `paid(condition, fen)`, asked about what was paid for those lines.

    `wants` are arguments of which it needs one at least, `takes` others that it knows; `among`: all
    there may be in `any_of`. `about`: whether members have to be loaded for it.
    """

    wants: frozenset[str] = frozenset()
    takes: frozenset[str] = frozenset()
    among: frozenset[str] | None = None
    holds: Callable[[Condition, Deed], bool] | None = None
    matches: Callable[[Condition, str, Goods], bool] | None = None
    paid: Callable[[Condition, int], bool] | None = None
    about: bool = False


@dataclass(frozen=True, slots=True)
class EffectKind:
    """In parts, one of: `at_once(effect, tier_percent)`; `a_fen(effect, tier_percent)`; and
    `times(effect, parts)`, which adds to what the per-fen effects give for the same lines.
    """

    at_once: Callable[[Effect, int], int] | None = None
    a_fen: Callable[[Effect, int], int] | None = None
    times: Callable[[Effect, int], int] | None = None
