"""What is decided about versions and members. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

HORIZONS = {"clv": 92, "churn": 30, "recommend": 30, "sales": 56, "baskets": 30}
HIGH_RISK = 0.8
WORSE = 0.1  # by which share a new version may fall behind the last one's held-out figure
# the figure that versions are compared by, and whether more of it is better
MEASURES = {
    "clv": ("spearman", True), "churn": ("brier", False), "recommend": ("ndcg10_all", True),
    "sales": ("mae_of_level", False), "baskets": ("hit10", True),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Version:
    """A training as stored."""

    name: str
    version: int
    as_of: date
    horizon_days: int


@dataclass(frozen=True, slots=True)
class Forecast:
    """What a model says about a person."""

    value: float | None
    horizon_days: int
    detail: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Advice:
    """A good, the one owned that speaks for it, or the group (store, age, city) that buys it."""

    sku: str
    because: str | None
    own: bool
    among: str | None = None


@dataclass(frozen=True, slots=True)
class Somebody:
    """What is known of a member who has not bought anything."""

    gender: str | None = None
    birth_year: int | None = None
    city: str | None = None


def groups_of(somebody: Somebody | None, store: str | None, year: int) -> list[tuple[str, str]]:
    """(kind, key) of the groups that somebody is in, the one that tells most first."""
    found = [("store", store)] if store else []
    if somebody and somebody.gender and somebody.birth_year:
        band = (year - somebody.birth_year) // 10 * 10
        found.append(("age", f"{somebody.gender}:{band}"))
    if somebody and somebody.city:
        found.append(("city", somebody.city))
    return found


def measure(report: Mapping[str, Any] | None, name: str) -> float | None:
    """The held-out figure of a report's champion; None where nothing was held out."""
    if not report or not report.get("metrics"):
        return None
    figures = report["metrics"].get(report["champion"])
    return None if figures is None else float(figures[MEASURES[name][0]])


def takes_over(name: str, new: float | None, old: float | None) -> bool:
    """Whether a version may replace the one in use: it must not be clearly worse.

    Both beat the baseline or are it; each was judged on the last horizon it could know, so small
    differences are the season's.
    """
    if new is None or old is None:
        return True
    better_is_more = MEASURES[name][1]
    return new >= old * (1 - WORSE) if better_is_more else new <= old * (1 + WORSE)


def offered(
    advice: Sequence[Advice], popular: Sequence[Advice], gone: frozenset[str], limit: int
) -> list[Advice]:
    """The first `limit` in stock, each once; popular goods fill up what is missing."""
    each = {one.sku: one for one in [*popular[::-1], *advice[::-1]]}
    order = dict.fromkeys(one.sku for one in [*advice, *popular])
    return [each[sku] for sku in order if sku not in gone][:limit]


_AMONG = {
    "store": ("这家门店的会员最近常买", "members of this store buy it lately"),
    "age": ("与您年龄相仿的会员最近常买", "members of your age buy it lately"),
    "city": ("您所在城市的会员最近常买", "members in your city buy it lately"),
}


def words(advice: Advice, names: Mapping[str, str]) -> tuple[str, str]:
    """Why, in Chinese and in English."""
    if advice.own:
        return "您常买", "you buy it often"
    if advice.because is not None:
        name = names.get(advice.because, advice.because)
        return f"因为您买过{name}", f"because you buy {name}"
    if advice.among is not None:
        return _AMONG[advice.among]
    return "许多会员最近在买", "many members buy it lately"
