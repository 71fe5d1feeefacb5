"""Tags as data: a document with cases, the first true one gives the value. Pure."""

import functools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec

from profile_service.conditions.domain import (
    All,
    Any_,
    Condition,
    Known,
    Leaf,
    Not,
    Tree,
    Wants,
    answer,
    leaves,
    nodes,
    plain,
    wanted,
)
from profile_service.conditions.domain import Member as InSegment
from profile_service.conditions.rules import parse as parse_tree
from profile_service.conditions.rules.event import Event
from profile_service.conditions.rules.figure import FIGURES, Measured
from profile_service.conditions.rules.reading import MOST_DAYS, Fault, Reader
from profile_service.conditions.rules.tag import Tag
from profile_service.tags.domain import Verdict, has, lacks, sure

FAMILIES = ("demographic", "spending", "interest", "lifecycle", "social", "emotional")
SOURCES = ("registration", "purchases", "activities", "traits", "forecasts")
MOST_CASES = 20
ORDERS = "orders"


@dataclass(frozen=True, slots=True)
class Case:
    """`value` where `when` is true, this sure: a number, or by how many orders or events."""

    value: str | None
    when: Tree
    confidence: float = 1.0
    sure: str | None = None


@dataclass(frozen=True, slots=True)
class DataRule:
    """A tag that a document defines."""

    name: str
    version: int
    family: str
    source: str
    zh: str
    summary: str
    window_days: int | None
    cases: tuple[Case, ...]

    @property
    def values(self) -> tuple[str, ...] | None:
        """All values there may be; None for a tag without."""
        return tuple(dict.fromkeys(case.value for case in self.cases if case.value)) or None

    @property
    def ref(self) -> str:
        """How what it decides says by which rule."""
        return f"{self.name}@{self.version}"

    def conditions(self) -> list[Condition]:
        """All that it asks."""
        return [leaf.condition for case in self.cases for leaf in leaves(case.when)]

    def decide(self, known: Known, today: date) -> Verdict:
        """The first case that is true; until when that holds at the least."""
        untils: list[date] = []
        for case in self.cases:
            true, until = true_until(case.when, known, today)
            if until is not None:
                untils.append(until)
            if true:
                return has(case.value, confidence=_confidence(case, known, today),
                           until=min(untils, default=None))  # fmt: skip
        return lacks(until=min(untils, default=None))

    def evidence(self, known: Known, today: date) -> dict[str, Any]:
        """The figures that the conditions looked at, by name."""
        found: dict[str, Any] = {}
        for condition in self.conditions():
            if isinstance(condition, Measured):
                found[condition.name] = _measured(condition.name, known, today)
            elif isinstance(condition, Event):
                found[condition.name] = condition.times(known, today)
        return found


@dataclass(frozen=True)
class Rules:
    """All tags that documents define."""

    all: Sequence[DataRule]

    @functools.cached_property
    def refs(self) -> list[tuple[DataRule, str]]:
        """Each with how it is referred to."""
        return [(rule, rule.ref) for rule in self.all]

    @functools.cached_property
    def wants(self) -> Wants:
        """What they look at."""
        return wanted(condition for rule in self.all for condition in rule.conditions())


def true_until(tree: Tree, known: Known, today: date) -> tuple[bool, date | None]:
    """Whether a tree without segments is true, and a day before which it stays so without news."""
    if isinstance(tree, Leaf):
        return answer(tree.condition, known, today)
    if isinstance(tree, Not):
        true, until = true_until(tree.item, known, today)
        return not true, until
    assert isinstance(tree, All | Any_)
    decisive = isinstance(tree, Any_)  # one such answer is enough, for as long as it holds
    decided: date | None = None
    first: date | None = None
    for item in tree.items:
        if isinstance(item, Leaf):
            true, until = answer(item.condition, known, today)
        else:
            true, until = true_until(item, known, today)
        if true is not decisive:
            first = until if first is None or (until is not None and until < first) else first
        elif until is None:
            return decisive, None
        else:
            decided = max(decided or until, until)
    if decided is not None:
        return decisive, decided
    return not decisive, first


def _confidence(case: Case, known: Known, today: date) -> float:
    if case.sure is None:
        return case.confidence
    if case.sure == ORDERS:
        return sure(known.spending.orders)
    counts = [
        leaf.condition.times(known, today)
        for leaf in leaves(case.when)
        if isinstance(leaf.condition, Event) and leaf.condition.name == case.sure
    ]
    return sure(max(counts, default=0))


def _measured(name: str, known: Known, today: date) -> int | float | None:
    figure = FIGURES[name]
    if figure.since is not None:
        since = figure.since(known)
        return (today - since).days if since else None
    value, times = figure.value(known), figure.times(known)
    return None if value is None or times < 1 else plain(round(Decimal(value) / times, 4))


def parse(document: Mapping[str, Any], version: int) -> tuple[DataRule, list[Fault]]:
    """A rule from its document, and everything that is wrong with that."""
    read = Reader(document, "")
    read.only("tag", "family", "source", "zh", "en", "window_days", "cases")
    name = read.text("tag")
    if not name.replace("_", "a").isalnum() or not name.isascii() or name != name.lower():
        read.fault("tag", "name_expected", "small letters, digits and _")
    cases = document.get("cases")
    if not isinstance(cases, list) or not 0 < len(cases) <= MOST_CASES:
        read.fault("cases", "cases_expected", f"a list of 1 to {MOST_CASES} cases")
        cases = []
    rule = DataRule(
        name, version, read.text("family", FAMILIES), read.text("source", SOURCES),
        read.text("zh"), read.text("en"), read.maybe_whole("window_days", 1, MOST_DAYS),
        tuple(_case(case, f"/cases/{place}", read) for place, case in enumerate(cases)),
    )  # fmt: skip
    return rule, read.faults


def _case(case: Any, pointer: str, outer: Reader) -> Case:
    if not isinstance(case, dict):
        outer.faults.append(Fault(pointer, "object_expected", "an object"))
        return Case(None, All(()))
    read = Reader(case, pointer, outer.faults)
    read.only("value", "when", "confidence")
    tree, faults = parse_tree(case.get("when"), {}, f"{pointer}/when")
    outer.faults.extend(faults)
    for node in nodes(tree):
        if isinstance(node, InSegment) or (
            isinstance(node, Leaf) and isinstance(node.condition, Tag)
        ):
            outer.faults.append(Fault(node.pointer, "not_here", "tags follow from facts alone"))
    confidence, by = Decimal(1), None
    if isinstance(case.get("confidence"), dict) and (inner := read.inner("confidence")):
        inner.only("sure")
        by = inner.text("sure")
    else:
        confidence = read.number("confidence") or Decimal(1)
        if not 0 < confidence <= 1:
            read.fault("confidence", "number_expected", "more than 0, at most 1")
    return Case(read.maybe_text("value"), tree, float(confidence), by)


@functools.cache
def shipped() -> tuple[DataRule, ...]:
    """Those that come with the platform, version 0."""
    documents = msgspec.json.decode((Path(__file__).parent / "shipped.json").read_bytes())
    return tuple(parse(document, 0)[0] for document in documents)


@functools.lru_cache(maxsize=1_000)
def _trusted(text: bytes, version: int) -> DataRule:
    return parse(msgspec.json.decode(text), version)[0]


def rules_of(kept: Iterable[tuple[int, Mapping[str, Any]]]) -> Rules:
    """The shipped rules, and those kept by (version, document) in place of them or besides."""
    rules = {rule.name: rule for rule in shipped()}
    for version, document in kept:
        rule = _trusted(msgspec.json.encode(document), version)
        rules[rule.name] = rule
    return Rules(tuple(rules.values()))
