"""Tell the board: a period and the one before it, whole and in parts."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from campaign_service.kpis import domain, repository, use_cases
from campaign_service.kpis.domain import WHOLE, Days, Definition, Figures, Ratio
from campaign_service.kpis.sources import MEASURES
from chassis.clock import local_date
from chassis.database import Tx
from chassis.problem import Problem
from contracts.campaign import kpis as api

_SOURCE_OF = {measure: name for name, all_ in MEASURES.items() for measure in all_}
_NOTHING: Figures = {}


@dataclass(slots=True)
class Cut:
    """A period's measures by part; `members` by part and source."""

    figures: dict[str, dict[str, int]] = field(default_factory=dict)
    members: dict[tuple[str, str], int] = field(default_factory=dict)

    def put(self, part: str, source: str, figures: Sequence[int], members: int) -> None:
        """Add what a source tells of a part; there may be more room than it has measures."""
        there = self.figures.setdefault(part, {})
        for name, value in zip(MEASURES[source], figures, strict=False):
            there[name] = there.get(name, 0) + value
        self.members[part, source] = max(self.members.get((part, source), 0), members)

    def ratio(self, definition: Definition, part: str, over: Figures | None = None) -> Ratio:
        """Of a part, over its own denominator or the one among `over`."""
        figures = self.figures.get(part, _NOTHING)
        behind = [self.members.get((part, _SOURCE_OF[name]), 0) for name in definition.numerator]
        if definition.unit in ("percent", "points"):  # a numerator is few people, too
            behind += [figures.get(name, 0) for name in definition.numerator]
        return Ratio(
            domain.weighed(definition.numerator, figures),
            domain.weighed(definition.denominator, figures if over is None else over),
            min(behind),
        )


Cuts = tuple[Cut, Cut]  # now, before


async def board(tx: Tx, first: date | None, last: date | None, by: str | None) -> api.KpiBoard:
    """The figures of days. Raises Problem 422 for days that are not over, or no period."""
    yesterday = local_date(tx.now) - timedelta(days=1)
    last = last or yesterday
    days = Days(first or last - timedelta(days=27), last)
    if last > yesterday:
        raise Problem(422, "day_not_over", "The last day is not over", pointer="#to")
    if not days.first <= last < days.first + timedelta(days=domain.LONGEST):
        raise Problem(422, "bad_period", "A first day, and then a last day", pointer="#from")
    whole = await cut(tx, "all", days), await cut(tx, "all", days.before)
    targets = (await use_cases.current_targets(tx)).targets
    parts = await _parts(tx, days, by) if by else (Cut(), Cut())
    named = await repository.names(tx, by) if by else {}
    shown = domain.definitions().values()
    data = [
        row.model_copy(update={"name": named.get(row.part or "")})
        for each in shown
        for row in rows(each, whole, parts, by, targets[each.kpi])
    ]
    return api.KpiBoard(
        since=days.first, until=last,
        previous_since=days.before.first, previous_until=days.before.last,
        by=by,
        waiting=await repository.waiting(tx, yesterday + timedelta(days=1)),
        definitions=[api.KpiDefinition(**domain.described(each)) for each in shown],
        data=data,
    )  # fmt: skip


async def cut(tx: Tx, by: str, days: Days) -> Cut:
    """A period by channel, store, segment, or `all`."""
    found = Cut()
    for source, part, figures, members in await repository.sums(tx, by, days.first, days.last):
        found.put(part, source, figures, members)
    for _, part, figures, members in await repository.bases(tx, by, [days.last]):
        found.put(part, "base", figures, members)
    months = days.months()
    for _, part, figures, members in await repository.monthly(tx, by, months):
        found.put(part, "month", figures, members)
    ends = [min(domain.end_of_month(month), days.last) for month in months]
    for _, part, figures, _ in await repository.bases(tx, by, ends):
        there = found.figures.setdefault(part, {})
        there["member_months"] = there.get("member_months", 0) + figures[0]
    return found


async def cut_by_month(tx: Tx, days: Days) -> Cut:
    """A period's months, the first and the last as far as they are in it."""
    found = Cut()
    for source, part, figures, members in await repository.sums(tx, "month", days.first, days.last):
        found.put(part, source, figures, members)
    months = days.months()
    for day, _, figures, members in await repository.monthly(tx, "all", months):
        found.put(f"{day:%Y-%m}", "month", figures, members)
    ends = [min(domain.end_of_month(month), days.last) for month in months]
    for day, _, figures, members in await repository.bases(tx, "all", ends):
        found.put(f"{day:%Y-%m}", "base", figures, members)
        found.figures[f"{day:%Y-%m}"]["member_months"] = figures[0]
    return found


def rows(
    definition: Definition, whole: Cuts, parts: Cuts, by: str | None, target: api.KpiTarget
) -> list[api.KpiRow]:
    """The whole and its parts."""
    tops = whole[0].figures.get(WHOLE, _NOTHING), whole[1].figures.get(WHOLE, _NOTHING)
    ratios = whole[0].ratio(definition, WHOLE), whole[1].ratio(definition, WHOLE)
    over = tops if by in definition.shared else (None, None)
    names = sorted(parts[0].figures.keys() | parts[1].figures.keys())
    shares = {
        name: (parts[0].ratio(definition, name, over[0]), parts[1].ratio(definition, name, over[1]))
        for name in (names if by in definition.parts else ())
    }
    effects = domain.effects(definition, ratios, shares, shared=by in definition.shared)
    if by == "month":
        effects = {}  # months have no period before
    told: list[tuple[str | None, tuple[Ratio, Ratio], Figures]] = [(None, ratios, tops[0])]
    told += [
        (name, pair, parts[0].figures.get(name, _NOTHING))
        for name, pair in shares.items()
        if any(each.numerator or each.denominator for each in pair)
    ]
    return [
        api.KpiRow.model_validate({
            **_told(definition, now, figures),
            "kpi": definition.kpi, "part": name, "effect": _round(effects.get(name or "")),
            "previous": _round(domain.value(definition, before)),
            "target": target.target, "amber": target.amber,
            "status": domain.colour(
                definition, domain.value(definition, now), target.target, target.amber
            ),
        })
        for name, (now, before), figures in told
    ]  # fmt: skip


async def _parts(tx: Tx, days: Days, by: str) -> Cuts:
    if by == "month":
        return await cut_by_month(tx, days), Cut()
    return await cut(tx, by, days), await cut(tx, by, days.before)


def _told(definition: Definition, ratio: Ratio, figures: Figures) -> dict[str, Any]:
    low, high = domain.interval(definition, ratio, figures) or (None, None)
    return {
        "value": _round(domain.value(definition, ratio)), "low": _round(low), "high": _round(high),
        "numerator": ratio.numerator, "denominator": ratio.denominator, "members": ratio.members,
    }  # fmt: skip


def _round(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
