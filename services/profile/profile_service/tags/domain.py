"""What a rule sees, what it answers, and what follows for a member. Pure."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

from profile_service.purchases.domain import NOTHING, Spending


@dataclass(frozen=True, slots=True)
class Facts:
    """All that is known about a member on a programme day (`today`), summed over merged ids.

    `first_on`, `last_on`, `previous_on`: days of the first, last and last but one order. `events`
    counts activities by name, `seen_on` is the day of the last. `high_value_fen` is the money from
    which on one belongs to the top fifth of buyers.
    """

    today: date
    registered_on: date
    birth_year: int | None = None
    birth_month: int | None = None
    spending: Spending = NOTHING
    first_on: date | None = None
    last_on: date | None = None
    previous_on: date | None = None
    events: Mapping[str, int] = field(default_factory=dict)
    seen_on: date | None = None
    high_value_fen: float | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a rule says. It holds, without new facts, on every day before `until` (None: for ever).

    `given` False: the member does not have the tag. `value` None: the tag has no value.
    """

    given: bool
    value: str | None = None
    confidence: float = 1.0
    until: date | None = None
    rule: str = ""  # `<tag>@<version>`; version 1 of rules in code, 0 of shipped documents
    facts: Mapping[str, Any] = field(default_factory=dict)  # what it was decided from, and when
    decided_at: datetime | None = None


def has(value: str | None = None, *, confidence: float = 1.0, until: date | None = None) -> Verdict:
    """The member has the tag."""
    return Verdict(True, value, round(confidence, 2), until)


_NEVER = Verdict(False)


def lacks(*, until: date | None = None) -> Verdict:
    """The member does not have the tag."""
    return Verdict(False, until=until) if until else _NEVER


@dataclass(frozen=True, slots=True)
class Rule:
    """A tag. `values` None: they come from the data (or there are none)."""

    name: str
    family: str  # demographic, spending, interest, lifecycle, social, emotional
    source: str  # registration, purchases, activities
    summary: str
    decide: Callable[[Facts], Verdict]
    values: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """A member's tags by name, and the day on which to look again."""

    tags: Mapping[str, Verdict]
    review_on: date | None

    def reviewed(self, day: date) -> "Decision":
        """The same, looked at again on that day at the latest."""
        return Decision(self.tags, min(self.review_on or day, day))


NO_TAGS = Decision({}, None)


def decide(facts: Facts, rules: Iterable[Rule]) -> Decision:
    """Ask every rule."""
    verdicts = [(rule.name, rule.decide(facts)) for rule in rules]
    days = [verdict.until for _, verdict in verdicts if verdict.until]
    given = {name: verdict for name, verdict in verdicts if verdict.given}
    return Decision(given, min(days, default=None))


def told(decision: Decision) -> list[str]:
    """What others are told: "tag", and "tag=value" for one with a value; how sure stays here."""
    names = list(decision.tags)
    names += [f"{name}={tag.value}" for name, tag in decision.tags.items() if tag.value is not None]
    return sorted(names)


def leader(counts: Mapping[str, int]) -> tuple[str, float] | None:
    """The greatest entry and its share of the sum; the first by name where two are equal."""
    total = sum(counts.values())
    if total <= 0:
        return None
    most = max(counts.values())
    return min(name for name, n in counts.items() if n == most), most / total


def sure(observations: int) -> float:
    """How far so many observations can be trusted: 3 → 0.6, 18 → 0.9."""
    return observations / (observations + 2)


SURE_ENOUGH = 0.6  # a watched tag held with less may be lost without anybody looking
WATCHED = frozenset({"price_sensitive"})


@dataclass(frozen=True, slots=True)
class Flip:
    """A watched tag that was lost although it was sure."""

    tag: str
    before: str | None
    confidence: float


def since(decision: Decision, before: Mapping[str, Verdict], now: datetime) -> Decision:
    """The same with when each value was decided and from what: as before, if it is no other."""
    tags = {}
    for name, tag in decision.tags.items():
        old = before.get(name)
        if old is not None and (old.value, old.rule) == (tag.value, tag.rule):
            tags[name] = replace(tag, facts=old.facts, decided_at=old.decided_at)
        else:
            tags[name] = replace(tag, decided_at=now)
    return Decision(tags, decision.review_on)


def flips(decision: Decision, before: Mapping[str, Verdict]) -> list[Flip]:
    """What somebody should look at."""
    return [
        Flip(name, before[name].value, before[name].confidence)
        for name in sorted(WATCHED & before.keys())
        if name not in decision.tags and before[name].confidence >= SURE_ENOUGH
    ]
