"""What figures mean: ratios, intervals, colours, and what parts add to a change. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any, Literal

import msgspec

from campaign_service.surveys.domain import csat, nps

REPEAT_DAYS, CONTACT_DAYS = 30, 14
KEPT = timedelta(days=700)  # what is told later of older days changes nothing
LONGEST = 1_100  # days a board may be of
WHOLE = ""
_FACTOR = {"percent": 100.0, "points": 100.0, "fen": 1.0, "times": 1.0}

Figures = Mapping[str, int]  # by measure


class Definition(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A figure of the definition file: weighed measures over weighed measures.

    `shared`: breakdowns whose parts have the whole's denominator, as they share out the numerator.
    """

    kpi: str
    unit: Literal["percent", "points", "fen", "times"]
    better: Literal["more", "less"]
    target: float
    amber: float
    numerator: dict[str, int]
    denominator: dict[str, int]
    parts: list[str]
    shared: list[str]
    name: dict[str, str]
    numerator_name: dict[str, str]
    denominator_name: dict[str, str]
    definition: dict[str, str]
    interval: Literal["share", "nps"] | None = None


@dataclass(frozen=True, slots=True)
class Ratio:
    """A figure of a group in a period. `members`: that many stand behind it at least."""

    numerator: int = 0
    denominator: int = 0
    members: int = 0


@dataclass(frozen=True, slots=True)
class Days:
    """A period, both ends included."""

    first: date
    last: date

    @property
    def before(self) -> "Days":
        """As many days right before."""
        length = (self.last - self.first).days + 1
        return Days(self.first - timedelta(days=length), self.first - timedelta(days=1))

    def months(self) -> list[date]:
        """The first of each month it touches."""
        first, last = (day.year * 12 + day.month - 1 for day in (self.first, self.last))
        return [date(each // 12, each % 12 + 1, 1) for each in range(first, last + 1)]


@cache
def definitions() -> Mapping[str, Definition]:
    """By key, in the file's sequence."""
    text = (Path(__file__).parent / "definitions.json").read_bytes()
    return {each.kpi: each for each in msgspec.json.decode(text, type=list[Definition])}


def end_of_month(month: date) -> date:
    """Its last day."""
    return (month + timedelta(days=32)).replace(day=1) - timedelta(days=1)


def weighed(weights: Mapping[str, int], figures: Figures) -> int:
    """Measures by weights, added up."""
    return sum(weight * figures.get(measure, 0) for measure, weight in weights.items())


def value(definition: Definition, ratio: Ratio) -> float | None:
    """In its unit; None where it is of nothing."""
    if ratio.denominator <= 0:
        return None
    return _FACTOR[definition.unit] * ratio.numerator / ratio.denominator


def interval(definition: Definition, ratio: Ratio, figures: Figures) -> tuple[float, float] | None:
    """95 %, where answers are a sample."""
    if definition.interval is None or ratio.denominator <= 0:
        return None
    if definition.interval == "share":
        found = csat(ratio.numerator, ratio.denominator)
    else:
        up, down = figures.get("promoters", 0), figures.get("detractors", 0)
        found = nps(up, ratio.denominator - up - down, down)
    return found.low, found.high


def colour(definition: Definition, value: float | None, target: float, amber: float) -> str | None:
    """red, amber, green; None for no value."""
    if value is None:
        return None
    sign = 1 if definition.better == "more" else -1
    if sign * value >= sign * target:
        return "green"
    return "amber" if sign * value >= sign * amber else "red"


def effects(
    definition: Definition, wholes: tuple[Ratio, Ratio], parts: Mapping[str, tuple[Ratio, Ratio]],
    *, shared: bool,
) -> dict[str, float]:  # fmt: skip
    """What each part adds to the change of the whole from before to now, in the figure's unit.

    Where parts share the denominator: their ratios' changes. Where they have their own: how far
    they lie from the whole's former ratio, by their weight, now less before; so a part counts for
    its own movement and for its share's. They add up to the whole's change where parts share it
    out. Nothing where the whole has no change.
    """
    now, before = wholes
    if now.denominator <= 0 or before.denominator <= 0:
        return {}
    level = 0.0 if shared else before.numerator / before.denominator

    def off(part: Ratio, whole: Ratio) -> float:
        own = 0 if shared else part.denominator
        return (part.numerator - level * own) / whole.denominator

    factor = _FACTOR[definition.unit]
    return {
        name: factor * (off(part_now, now) - off(part_before, before))
        for name, (part_now, part_before) in parts.items()
    }


def bad_targets(targets: Mapping[str, tuple[float, float]]) -> Sequence[str]:
    """Figures that do not exist, or whose amber bound lies beyond the target."""
    known = definitions()
    return [
        key
        for key, (target, amber) in targets.items()
        if key not in known or (target - amber) * (1 if known[key].better == "more" else -1) < 0
    ]


def described(definition: Definition) -> dict[str, Any]:
    """As the board tells it."""
    told = msgspec.to_builtins(definition)
    hidden = {"target", "amber", "numerator", "denominator", "shared", "interval"}
    return {name: each for name, each in told.items() if name not in hidden}
