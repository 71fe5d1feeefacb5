"""Rating an order or act by all rules in force; what they give adds up and is rounded down once.

Which rules are in force is the same for long stretches of time, so they are compiled into plans, a
stretch each. A plan of rules without conditions and limits is *flat*: two multiplications.
"""

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import cached_property
from typing import NamedTuple
from uuid import UUID

from contracts.points.orders import RuleName
from points_service.calendar import day_of
from points_service.catalogue.domain import Goods
from points_service.earning.rules import CONDITIONS, EFFECTS
from points_service.earning.rules.rule import (
    ORDER,
    PARTS,
    About,
    Condition,
    Deed,
    Effect,
    Gives,
    Lines,
    Purchase,
)

NAMELESS = RuleName()
Key = tuple[str | UUID | date, ...]  # (rule,), (rule, member) or (rule, member, day)


@dataclass(frozen=True, slots=True)
class Limits:
    """The most a rule gives: a member on a day, a member in all, everybody in all."""

    per_day: int | None = None
    per_member: int | None = None
    budget: int | None = None

    def __bool__(self) -> bool:
        return (self.per_day, self.per_member, self.budget) != (None, None, None)


@dataclass(frozen=True, slots=True)
class Rule:
    """A version of a rule, in force from `since` until just before `until`.

    Of rules of one `group` only one applies: that of the smallest `priority`, among equals the one
    that gives most. Multipliers of a group compete among themselves.
    """

    rule_id: str
    on: str  # ORDER or a kind of act
    effect: Effect
    since: datetime
    until: datetime | None = None
    conditions: tuple[Condition, ...] = ()
    limits: Limits = field(default_factory=Limits)
    priority: int = 100
    group: str | None = None
    version: int = 0
    name: RuleName = NAMELESS

    @property
    def plain(self) -> bool:
        """Whether it gives the same to everybody, always."""
        return (
            not self.conditions
            and not self.limits
            and self.group is None
            and EFFECTS[self.effect.kind].times is None
        )


def matching(conditions: Sequence[Condition], deed: Deed) -> Lines | bool:
    """The lines of the deed that conditions are about (None: all), or False if one fails."""
    lines: Lines = None
    for each in conditions:
        kind = CONDITIONS[each.kind]
        if kind.holds and not kind.holds(each, deed):
            return False
        if kind.matches:
            found = frozenset(
                place
                for place, (sku, _, _) in enumerate(deed.items)
                if kind.matches(each, sku, deed.goods.get(sku, Goods()))
            )
            lines = found if lines is None else lines & found
            if not lines:
                return False
    paid = deed.fen(lines)
    for each in conditions:
        asked = CONDITIONS[each.kind].paid
        if asked and not asked(each, paid):
            return False
    return lines


@dataclass(frozen=True, slots=True)
class Share:
    """What one rule gave, in parts."""

    rule: Rule
    parts: int


class Given(NamedTuple):
    """What one rule gave: whole points or growth; `counted` is what its limits were charged."""

    rule: Rule
    units: int
    counted: int = 0


@dataclass(frozen=True, slots=True)
class Earned:
    """What a deed brings; `given` says by which rules, and adds up to it."""

    points: int
    growth: int
    given: tuple[Given, ...] = ()


@dataclass
class Meter:
    """What limited rules have given: before (`known`), and in this transaction (`spent`).

    What is asked for and not known is collected in `unknown`: load it and rate everything again.
    """

    known: Mapping[Key, int] = field(default_factory=dict)
    spent: Counter[Key] = field(default_factory=Counter)
    unknown: set[tuple[str, UUID, date]] = field(default_factory=set)

    def take(self, rule: Rule, member_id: UUID, day: date, parts: int) -> int:
        """As many of these parts as its limits leave. Begun units count as whole ones."""
        key: Key = (rule.rule_id, member_id, day)
        if key not in self.known:
            self.unknown.add((rule.rule_id, member_id, day))
            return 0
        limits = rule.limits
        each = (limits.budget, limits.per_member, limits.per_day)
        left = [
            limit - self.known[key[:n]] - self.spent[key[:n]]
            for n, limit in enumerate(each, 1)
            if limit is not None
        ]
        given = max(0, min(parts, *(units * PARTS for units in left)))
        for n in (1, 2, 3) if limits.budget is not None else (2, 3):
            self.spent[key[:n]] += -(-given // PARTS)
        return given


@dataclass(frozen=True)
class Plan:
    """The rules in force for one kind of deed in one stretch of time."""

    rules: tuple[Rule, ...]

    @cached_property
    def flat(self) -> bool:
        """Whether what a deed brings depends on the fen paid and the tier's percentage only."""
        return all(rule.plain for rule in self.rules)

    @cached_property
    def asks_about(self) -> bool:
        """Whether members have to be known beyond their standing."""
        return any(CONDITIONS[each.kind].about for rule in self.rules for each in rule.conditions)

    @cached_property
    def _rates(self) -> dict[int, list[tuple[Rule, bool, int, int]]]:
        return {}

    def rate_flat(self, tier_percent: int, fen: int) -> Earned:
        """The deed of a flat plan."""
        rates = self._rates.get(tier_percent)
        if rates is None:
            rates = self._rates[tier_percent] = [
                (rule, rule.effect.gives is Gives.POINTS, *_rate(rule.effect, tier_percent))
                for rule in self.rules
            ]
        points = growth = 0
        given = []
        for rule, of_points, once, a_fen in rates:
            if of_points:
                before, points = points, points + once + a_fen * fen
                units = points // PARTS - before // PARTS
            else:
                before, growth = growth, growth + once + a_fen * fen
                units = growth // PARTS - before // PARTS
            if units:
                given.append(Given(rule, units))
        return Earned(points // PARTS, growth // PARTS, tuple(given))

    def rate(self, deed: Deed, member_id: UUID, meter: Meter) -> Earned:
        """The deed, whatever the rules are."""
        found = [(rule, matching(rule.conditions, deed)) for rule in self.rules]
        matched = [(rule, lines) for rule, lines in found if not isinstance(lines, bool)]
        direct = [(rule, lines) for rule, lines in matched if not EFFECTS[rule.effect.kind].times]
        kept = _one_a_group(
            (Share(rule, _direct(rule.effect, deed, lines)), lines) for rule, lines in direct
        )
        base = [(share.rule.effect, lines) for share, lines in kept]
        kept += _one_a_group(
            (Share(rule, _times(rule.effect, deed, lines, base)), lines)
            for rule, lines in matched
            if EFFECTS[rule.effect.kind].times
        )
        day = day_of(deed.at)
        return _whole(
            replace(share, parts=meter.take(share.rule, member_id, day, share.parts))
            if share.rule.limits
            else share
            for share, _ in kept
        )


def _whole(shares: Iterable[Share]) -> Earned:
    """Rounded down once: a rule's units are what the sum grew by with it."""
    parts, given = {Gives.POINTS: 0, Gives.GROWTH: 0}, []
    for rule, added in ((share.rule, share.parts) for share in shares):
        before = parts[rule.effect.gives]
        parts[rule.effect.gives] = before + added
        units = (before + added) // PARTS - before // PARTS
        counted = -(-added // PARTS) if rule.limits else 0
        if units or counted:
            given.append(Given(rule, units, counted))
    return Earned(parts[Gives.POINTS] // PARTS, parts[Gives.GROWTH] // PARTS, tuple(given))


def _rate(effect: Effect, tier_percent: int) -> tuple[int, int]:
    """Parts at once, and for each fen."""
    kind = EFFECTS[effect.kind]
    return (
        kind.at_once(effect, tier_percent) if kind.at_once else 0,
        kind.a_fen(effect, tier_percent) if kind.a_fen else 0,
    )


def _direct(effect: Effect, deed: Deed, lines: Lines) -> int:
    once, a_fen = _rate(effect, deed.tier_percent)
    return once + a_fen * deed.fen(lines) if a_fen else once


def _times(effect: Effect, deed: Deed, lines: Lines, base: Iterable[tuple[Effect, Lines]]) -> int:
    times = EFFECTS[effect.kind].times
    assert times is not None
    whole = sum(
        a_fen(each, deed.tier_percent) * deed.fen(_both(lines, theirs))
        for each, theirs in base
        if each.gives is effect.gives and (a_fen := EFFECTS[each.kind].a_fen)
    )
    return times(effect, whole)


def _both(one: Lines, other: Lines) -> Lines:
    if one is None or other is None:
        return other if one is None else one
    return one & other


def _one_a_group(shares: Iterable[tuple[Share, Lines]]) -> list[tuple[Share, Lines]]:
    """In the sequence of the rules; `shares` come by priority."""
    kept: list[tuple[Share, Lines]] = []
    place: dict[str, int] = {}
    for share, lines in shares:
        group = share.rule.group
        if group is None:
            kept.append((share, lines))
        elif group not in place:
            place[group] = len(kept)
            kept.append((share, lines))
        else:
            best = kept[place[group]][0]
            if best.rule.priority == share.rule.priority and share.parts > best.parts:
                kept[place[group]] = (share, lines)
    return kept


class RuleSet:
    """Versions of rules, compiled: `plan` answers which are in force at a moment."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self.rules = tuple(sorted(rules, key=lambda rule: (rule.priority, rule.rule_id)))
        bounds = {rule.since for rule in self.rules} | {rule.until for rule in self.rules}
        self._bounds = sorted(bound for bound in bounds if bound is not None)
        self._plans: dict[tuple[str, int], Plan] = {}
        self.by_version = {(rule.rule_id, rule.version): rule for rule in self.rules}

    def plan(self, kind: str, at: datetime) -> Plan:
        """The rules for a kind of deed at a moment."""
        stretch = bisect_right(self._bounds, at)
        plan = self._plans.get((kind, stretch))
        if plan is None:
            plan = self._plans[kind, stretch] = Plan(tuple(self._in_force(kind, at)))
        return plan

    def _in_force(self, kind: str, at: datetime) -> Iterator[Rule]:
        for rule in self.rules:
            if rule.on == kind and rule.since <= at and (rule.until is None or at < rule.until):
                yield rule


@dataclass(frozen=True, slots=True)
class Earning:
    """What rating orders needs: rules, the catalogue's goods, and members as far as rules ask."""

    rules: RuleSet
    goods: Mapping[str, Goods] = field(default_factory=dict)
    about: Mapping[UUID, About] = field(default_factory=dict)
    known: Mapping[Key, int] = field(default_factory=dict)

    def order(
        self, purchase: Purchase, meter: Meter, *, tier: str, tier_percent: int, first: bool
    ) -> Earned:
        """What an order brings a member of that tier; `first`: nothing was bought before."""
        plan = self.rules.plan(ORDER, purchase.paid_at)
        if plan.flat:
            return plan.rate_flat(tier_percent, purchase.paid_fen)
        deed = Deed(
            kind=ORDER,
            at=purchase.paid_at,
            tier=tier,
            tier_percent=tier_percent,
            paid_fen=purchase.paid_fen,
            items=purchase.items,
            goods=self.goods,
            store=purchase.store,
            channel=purchase.channel,
            first_purchase=first,
            about=self.about.get(purchase.member_id, About()),
        )
        return plan.rate(deed, purchase.member_id, meter)
