"""What a rule sees, what it answers, and what follows for a member. Pure."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple

import msgspec

from profile_service.purchases.domain import NOTHING, Spending


class Facts(msgspec.Struct, frozen=True):
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
    events: Mapping[str, int] = {}
    seen_on: date | None = None
    high_value_fen: float | None = None


class Verdict(msgspec.Struct, frozen=True):
    """What a rule says. It holds, without new facts, on every day before `until` (None: for ever).

    `given` False: the member does not have the tag. `value` None: the tag has no value.
    """

    given: bool
    value: str | None = None
    confidence: float = 1.0
    until: date | None = None
    rule: str = ""  # `<tag>@<version>`; version 1 of rules in code, 0 of shipped documents
    facts: Mapping[str, Any] = {}  # what it was decided from, and when
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

    @property
    def ref(self) -> str:
        """How what it decides says by which rule."""
        return f"{self.name}@1"


class Decision(msgspec.Struct, frozen=True):
    """A member's tags by name, and the day on which to look again."""

    tags: Mapping[str, Verdict]
    review_on: date | None

    def reviewed(self, day: date) -> "Decision":
        """The same, looked at again on that day at the latest."""
        return Decision(self.tags, min(self.review_on or day, day))


NO_TAGS = Decision({}, None)


class Said(NamedTuple):
    """What a rule (`<tag>@<version>`) said of a tag; `evidence` answers from which figures."""

    tag: str
    verdict: Verdict
    rule: str
    evidence: Callable[[], Mapping[str, Any]] = dict


def decide(said: Iterable[Said], before: Mapping[str, Verdict], now: datetime) -> Decision:
    """What follows from what all rules said; of several about a tag the last one counts.

    A value that is no other than before, by the same rule, keeps from what and when it was decided.
    """
    tags: dict[str, Verdict] = {}
    review_on: date | None = None
    for name, verdict, rule, evidence in said:
        until = verdict.until
        if until is not None and (review_on is None or until < review_on):
            review_on = until
        if verdict.given:
            old = before.get(name)
            if old is not None and (old.value, old.rule) == (verdict.value, rule):
                facts, decided_at = old.facts, old.decided_at
            else:
                facts, decided_at = evidence(), now
            tags[name] = Verdict(
                True, verdict.value, verdict.confidence, until, rule, facts, decided_at
            )
    return Decision(tags, review_on)


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
