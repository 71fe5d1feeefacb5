"""Movements taken apart exactly. Pure.

A group's figure is members x orders a member x lines an order x fen a line. What a factor adds is
its Shapley value: the mean, over all sequences in which the factors could have changed one after
the other, of what it adds when its turn comes. The values add up to the change whatever the
factors are (Shapley 1953; Sun 1998 for products), and no sequence is preferred. They are worked
out as fractions and rounded so that the whole numbers still add up.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from itertools import combinations
from math import factorial, prod

from contracts.forecasts import Leaving, SalesForecast

FACTORS = ("members", "frequency", "basket", "price")
Labels = tuple[str | None, ...]


@dataclass(frozen=True, slots=True)
class Figures:
    """What was sold to how many: members, their orders, the lines of these, and fen."""

    members: int = 0
    orders: int = 0
    lines: int = 0
    fen: int = 0

    def chain(self, kpi: str) -> tuple[int, ...]:
        """Of which each is a multiple of the one before; the last is the figure."""
        whole = (self.members, self.orders, self.lines, self.fen)
        return whole if kpi == "sales" else whole[:2]


@dataclass(frozen=True, slots=True)
class Group:
    """A part of what was sold, before and after."""

    labels: Labels
    before: Figures
    after: Figures
    rest: bool = False


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked: a figure, how it is shared out, and over which days (None: the usual)."""

    kpi: str
    by: tuple[str, ...]
    since: date | None
    until: date | None
    against: str
    limit: int


@dataclass(frozen=True, slots=True)
class Periods:
    """Two spans of days, ends not included."""

    before_since: date
    before_until: date
    since: date
    until: date


def periods(asked: Question, today: date) -> Periods:
    """The days asked for, and those they are compared with."""
    until = asked.until or today
    since = asked.since or until - timedelta(days=28)
    back = timedelta(days=364) if asked.against == "year" else until - since
    return Periods(since - back, until - back, since, until)


def effects(before: Sequence[int], after: Sequence[int]) -> list[int]:
    """What each factor of two chains adds; the sum is the last number's change, exactly.

    Where nobody bought before, or nobody after, all of it is the members' coming or going.
    """
    change = after[-1] - before[-1]
    if not all(before[:-1]) or not all(after[:-1]):
        return [change, *[0] * (len(before) - 1)]
    return rounded(_shapley(_ratios(before), _ratios(after)))


def _ratios(chain: Sequence[int]) -> list[Fraction]:
    return [Fraction(n, of) for n, of in zip(chain, (1, *chain[:-1]), strict=True)]


def _shapley(before: Sequence[Fraction], after: Sequence[Fraction]) -> list[Fraction]:
    n = len(before)
    found = []
    for mine in range(n):
        others = [place for place in range(n) if place != mine]
        total = Fraction(0)
        for size in range(n):
            weight = Fraction(factorial(size) * factorial(n - size - 1), factorial(n))
            for changed in combinations(others, size):
                rest = prod((after if place in changed else before)[place] for place in others)
                total += weight * rest
        found.append(total * (after[mine] - before[mine]))
    return found


def rounded(parts: Sequence[Fraction]) -> list[int]:
    """Whole numbers that add up to the (whole) sum, each less than one off."""
    floors = [part.numerator // part.denominator for part in parts]
    missing = sum(parts) - sum(floors)
    by_rest = sorted(range(len(parts)), key=lambda place: floors[place] - parts[place])
    for place in by_rest[: int(missing)]:
        floors[place] += 1
    return floors


def group_effects(groups: Iterable[Group], kpi: str) -> list[list[int]]:
    """`effects` of each."""
    return [effects(group.before.chain(kpi), group.after.chain(kpi)) for group in groups]


def added(columns: Iterable[Sequence[int]], length: int) -> list[int]:
    """Sums by place."""
    total = [0] * length
    for column in columns:
        total = [a + b for a, b in zip(total, column, strict=True)]
    return total


def too_small(groups: Iterable[Group], smallest: int) -> bool:
    """Whether some group has buyers in one of the spans, but fewer than `smallest`."""
    sizes = (n for group in groups for n in (group.before.members, group.after.members))
    return any(0 < n < smallest for n in sizes)


def moved(group: Group, kpi: str) -> int:
    """The group's change."""
    return group.after.chain(kpi)[-1] - group.before.chain(kpi)[-1]


# Words

_NAMES = {
    "members": ("购买会员数", "buying members"), "frequency": ("人均次数", "orders a member"),
    "basket": ("每单件数", "lines an order"), "price": ("单行金额", "money a line"),
}  # fmt: skip
_MOVERS = 3


def words(
    kpi: str, whole: Group, parts: Sequence[tuple[Group, Sequence[int]]], total: Sequence[int]
) -> tuple[list[str], list[str]]:
    """The whole, its factors, and the groups that moved most, in two languages."""
    before, after = whole.before.chain(kpi)[-1], whole.after.chain(kpi)[-1]
    what_zh, what_en = ("销售额", "Sales") if kpi == "sales" else ("订单数", "Orders")
    share = f"（{(after - before) / before:+.1%}）" if before else ""
    zh = [f"{what_zh}由 {_said(before, kpi)} 变为 {_said(after, kpi)}{share}。"]
    share = f" ({(after - before) / before:+.1%})" if before else ""
    en = [f"{what_en} went from {_said(before, kpi)} to {_said(after, kpi)}{share}."]
    told = [(name, n) for name, n in zip(FACTORS, total, strict=False) if n]
    if told:
        zh.append(
            "其中：" + "，".join(f"{_NAMES[k][0]} {_said(n, kpi, '+')}" for k, n in told) + "。"
        )
        en.append("Of this: " + ", ".join(f"{_NAMES[k][1]} {_said(n, kpi, '+')}"
                                          for k, n in told) + ".")  # fmt: skip
    for falling in (True, False):
        movers = [each for each in parts if (moved(each[0], kpi) < 0) == falling
                  and moved(each[0], kpi) and not each[0].rest]  # fmt: skip
        movers.sort(key=lambda each: -abs(moved(each[0], kpi)))
        for group, mine in movers[:_MOVERS]:
            main = max(range(len(mine)), key=lambda place: abs(mine[place]))
            n, most = moved(group, kpi), mine[main]
            name = " · ".join(label or "–" for label in group.labels)
            zh.append(
                f"{'下降' if falling else '上升'}：{name} {_said(n, kpi, '+')}，"
                f"主要是{_NAMES[FACTORS[main]][0]}（{_said(most, kpi, '+')}）。"
            )
            en.append(f"{'Down' if falling else 'Up'}: {name} {_said(n, kpi, '+')}, mostly"
                      f" {_NAMES[FACTORS[main]][1]} ({_said(most, kpi, '+')}).")  # fmt: skip
    return zh, en


def forecast_words(week: SalesForecast, coverage: float | None) -> tuple[str, str]:
    """Next week's sales."""
    low, high = _said(week.low_80_fen, "sales"), _said(week.high_80_fen, "sales")
    zh = f"下周销售额预计 {_said(week.expected_fen, 'sales')}（80% 区间 {low} 至 {high}"
    en = f"Next week's sales: {_said(week.expected_fen, 'sales')} (80 %: {low} to {high}"
    if coverage is None:
        return zh + "）。", en + ")."
    return (
        f"{zh}，回测覆盖 {coverage:.0%}）。",
        f"{en}; {coverage:.0%} of past weeks lay inside).",
    )


def leaving_words(told: Leaving, days: int) -> tuple[str, str]:
    """Members likely to leave."""
    return (
        f"近期活跃的 {told.members} 名会员中，预计 {told.expected} 名在 {days} 天内不再购买"
        f"（{told.low} 至 {told.high}）。",
        f"Of {told.members} members who bought lately, {told.expected} are likely to buy nothing"
        f" within {days} days ({told.low} to {told.high}).",
    )


def _said(n: int, kpi: str, sign: str = "") -> str:
    return f"¥{n / 100:{sign},.2f}" if kpi == "sales" else f"{n:{sign},d}"


def merged(groups: Mapping[Labels, Group]) -> list[Group]:
    """In a stable sequence: what moved most in money first, the rest last."""
    return sorted(
        groups.values(),
        key=lambda g: (g.rest, -abs(g.after.fen - g.before.fen), tuple(map(str, g.labels))),
    )
