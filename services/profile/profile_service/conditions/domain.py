"""The language of segments and tags: trees over conditions, each true or not of a person. Pure.

A condition exists twice, as a predicate over what is `Known` of a person and as SQL over everybody;
tests keep the two equal. Days are the programme's.
"""

import functools
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Protocol
from uuid import UUID

import msgspec

from profile_service.purchases.domain import NOTHING, Spending
from profile_service.rfm.domain import Bounds
from profile_service.subjects.domain import Attributes

ORDER = "Order"  # the name that purchases go by, as on the timeline
UNTOLD = "untold"  # the tier of whom points has told nothing


class Done(msgspec.Struct, frozen=True, gc=False):
    """What a person did of one kind in one channel ("" for none) on a day; `sums` by property."""

    day: date
    channel: str
    n: int
    last_at: datetime
    sums: Mapping[str, Decimal] = {}


class Known(msgspec.Struct, frozen=True):
    """All that conditions look at. `tags`: value and confidence by name; `days`: by event.

    `first_on`, `last_on`: days of the first and the last order. `lists`: static segments. `worth`:
    the band of value, and whether that has been falling. `cluster`: its number.
    """

    attributes: Attributes
    registered_on: date
    spending: Spending = NOTHING
    first_on: date | None = None
    last_on: date | None = None
    bounds: Bounds | None = None
    traits: Mapping[str, Any] = {}
    tags: Mapping[str, tuple[str | None, float]] = {}
    tier: str | None = None
    consents: Mapping[tuple[str, str], bool] = {}
    days: Mapping[str, Sequence[Done]] = {}
    lists: frozenset[UUID] = frozenset()
    worth: tuple[str, bool] | None = None
    cluster: int | None = None


@dataclass(frozen=True, slots=True)
class Window:
    """How many days back an event is looked at (None: all), and which sums of it."""

    days: int | None
    sums: frozenset[str] = frozenset()

    def __or__(self, other: "Window") -> "Window":
        days = None if self.days is None or other.days is None else max(self.days, other.days)
        return Window(days, self.sums | other.sums)


@dataclass(frozen=True, slots=True)
class Wants:
    """What has to be fetched for conditions: events by name, and whether traits, the tier, consents
    and static lists are looked at."""

    events: Mapping[str, Window] = field(default_factory=dict)
    kinds: frozenset[str] = frozenset()

    def __or__(self, other: "Wants") -> "Wants":
        events = dict(self.events)
        for name, window in other.events.items():
            events[name] = events[name] | window if name in events else window
        return Wants(events, self.kinds | other.kinds)


NO_WANTS = Wants()


class Ask:
    """Arguments of an SQL text in the making; `$1` is the day."""

    def __init__(self, today: date) -> None:
        self.args: list[Any] = [today]

    def __call__(self, value: Any, kind: str) -> str:
        """The placeholder of one more argument, cast to its type."""
        self.args.append(value)
        return f"${len(self.args)}::{kind}"


class Condition(Protocol):
    """One question about a person.

    `holds` answers it for a day; `turns` are the days from which, without news, the answer may be
    another one; `sql` is the same as an expression over `p.subject_id`, a person's root.
    """

    def document(self) -> dict[str, Any]:
        """As it stands in a definition."""
        ...

    def wants(self) -> Wants: ...

    def holds(self, known: Known, today: date) -> bool: ...

    def turns(self, known: Known) -> Iterable[date]: ...

    def sql(self, ask: Ask) -> str: ...


class Swept:
    """A condition that finds the end of its answer by itself, quicker than day by day."""

    __slots__ = ()

    def answer(self, known: Known, today: date) -> tuple[bool, date | None]:
        """As `answer`."""
        raise NotImplementedError


def key_of(condition: Condition) -> str:
    """The same for the same condition, whatever the spelling."""
    return msgspec.json.encode(condition.document(), order="sorted").decode()


@dataclass(frozen=True)
class Leaf:
    """A condition, and where in the document it stood."""

    condition: Condition
    pointer: str = field(default="", compare=False)

    @functools.cached_property
    def key(self) -> str:
        """The condition's."""
        return key_of(self.condition)


@dataclass(frozen=True, slots=True)
class Member:
    """In another segment that has rules."""

    segment_id: UUID
    pointer: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class All:
    """Each of them."""

    items: tuple["Tree", ...]


@dataclass(frozen=True, slots=True)
class Any_:
    """At least one of them."""

    items: tuple["Tree", ...]


@dataclass(frozen=True, slots=True)
class Not:
    """The rest of everybody."""

    item: "Tree"


Tree = Leaf | Member | All | Any_ | Not


def nodes(tree: Tree) -> Iterator[Tree]:
    """The tree and all below it, as written."""
    yield tree
    if isinstance(tree, All | Any_):
        for item in tree.items:
            yield from nodes(item)
    elif isinstance(tree, Not):
        yield from nodes(tree.item)


def leaves(tree: Tree) -> list[Leaf]:
    """Every condition of a tree."""
    return [node for node in nodes(tree) if isinstance(node, Leaf)]


def wanted(conditions: Iterable[Condition]) -> Wants:
    """What these look at."""
    total = NO_WANTS
    for condition in conditions:
        total |= condition.wants()
    return total


def true_of(tree: Tree, leaf: Callable[[Leaf], bool], segment: Callable[[UUID], bool]) -> bool:
    """Whether a tree is true, given the answers to its conditions and to other segments."""
    if isinstance(tree, Leaf):
        return leaf(tree)
    if isinstance(tree, Member):
        return segment(tree.segment_id)
    if isinstance(tree, Not):
        return not true_of(tree.item, leaf, segment)
    answers = (true_of(item, leaf, segment) for item in tree.items)
    return all(answers) if isinstance(tree, All) else any(answers)


def answer(condition: Condition, known: Known, today: date) -> tuple[bool, date | None]:
    """Whether it holds, and from which day on that is over if nothing is told (None: never)."""
    if isinstance(condition, Swept):
        return condition.answer(known, today)
    now = condition.holds(known, today)
    turns = {day for day in condition.turns(known) if day > today}
    for day in sorted(turns):
        if condition.holds(known, day) != now:
            return now, day
    return now, None


def as_sql(tree: Tree, ask: Ask, segment: Callable[[UUID], Tree]) -> str:
    """The tree as an SQL expression; other segments are written out."""
    if isinstance(tree, Leaf):
        return f"({tree.condition.sql(ask)})"
    if isinstance(tree, Member):
        return as_sql(segment(tree.segment_id), ask, segment)
    if isinstance(tree, Not):
        return f"(NOT {as_sql(tree.item, ask, segment)})"
    joint = " AND " if isinstance(tree, All) else " OR "
    return f"({joint.join(as_sql(item, ask, segment) for item in tree.items)})"


def ring(start: UUID, trees: Mapping[UUID, Tree]) -> bool:
    """Whether a segment needs itself, through whichever others."""
    seen: set[UUID] = set()
    waiting = [start]
    while waiting:
        below = {
            node.segment_id for node in nodes(trees[waiting.pop()]) if isinstance(node, Member)
        }
        if start in below:
            return True
        waiting += below - seen
        seen |= below
    return False


def in_turn(trees: Mapping[UUID, Tree]) -> list[UUID]:
    """Segments so that each comes after those it needs. There must be no ring."""
    order: list[UUID] = []

    def visit(segment_id: UUID) -> None:
        if segment_id in order:
            return
        for node in nodes(trees[segment_id]):
            if isinstance(node, Member):
                visit(node.segment_id)
        order.append(segment_id)

    for segment_id in trees:
        visit(segment_id)
    return order


@dataclass(frozen=True, slots=True)
class Range:
    """Bounds of a number, both included."""

    at_least: Decimal | None = None
    at_most: Decimal | None = None

    def document(self) -> dict[str, Any]:
        """As written."""
        named = {"at_least": self.at_least, "at_most": self.at_most}
        return {name: plain(bound) for name, bound in named.items() if bound is not None}

    def holds(self, value: Decimal | int, times: int = 1) -> bool:
        """Whether `value / times` lies within (no division: exact)."""
        low, high = self.at_least, self.at_most
        if times == 1:
            return (low is None or value >= low) and (high is None or value <= high)
        return (low is None or value >= low * times) and (high is None or value <= high * times)

    def sql(self, value: str, ask: Ask, times: str = "1") -> str:
        """The same in SQL."""
        tests = [
            f"({value})::numeric {sign} {ask(bound, 'numeric')} * ({times})"
            for sign, bound in ((">=", self.at_least), ("<=", self.at_most))
            if bound is not None
        ]
        return f"({' AND '.join(tests)})"

    def days(self, since: date) -> Iterator[date]:
        """When the number of days since a day comes into the bounds, and leaves them."""
        if self.at_least is not None:
            yield later(since, int(self.at_least))
            yield later(since, int(self.at_least) + 1)  # for bounds that are no whole numbers
        if self.at_most is not None:
            yield later(since, int(self.at_most) + 1)


def later(day: date, days: int) -> date:
    """So many days after a day, or the last day there is."""
    return date.fromordinal(min(day.toordinal() + days, date.max.toordinal()))


def plain(number: Decimal) -> int | float:
    """A number as JSON has it."""
    return int(number) if number == number.to_integral_value() else float(number)


def within(root: str, rows: str, where: str, *, of_nothing: bool) -> str:
    """Membership in a grouped set. `of_nothing`: who has no rows at all passes the test too."""
    if of_nothing:
        return f"p.subject_id NOT IN (SELECT {root} FROM {rows} WHERE NOT coalesce({where}, false))"
    return f"p.subject_id IN (SELECT {root} FROM {rows} WHERE {where})"


def matches(values: Collection[Any], value: Any) -> bool:
    """Whether a JSON scalar is among others; unlike Python's, JSON's true is not 1."""
    return any(
        value == each and isinstance(value, bool) == isinstance(each, bool) for each in values
    )
