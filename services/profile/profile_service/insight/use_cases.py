"""Why figures moved, and what is to be expected."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from chassis.clock import local_date, midnight
from chassis.database import Tx
from chassis.problem import Problem
from contracts.insights import (
    Decomposition,
    Effects,
    LeavingForecast,
    Movement,
    Outlook,
    WeeklySales,
)
from profile_service.forecasts import repository as models
from profile_service.insight import domain, repository
from profile_service.insight.domain import FACTORS, Group, Labels, Question
from profile_service.insight.repository import DIMENSIONS, Cut, Moments

SMALLEST = 10  # members in a group that data operators may see
LONGEST = timedelta(days=364)
_ROUNDS = 8


def dimensions(by: str | None, kpi: str, few: bool) -> tuple[str, ...]:
    """What is asked for, or the usual; `few`: one of them."""
    if by is not None:
        return tuple(name.strip() for name in by.split(","))
    usual = ("store", "segment") if kpi == "orders" else ("category", "store", "segment")
    return usual[:1] if few else usual


async def decompose(tx: Tx, asked: Question, smallest: int) -> Decomposition:
    """The movement of a figure by groups, none with fewer than `smallest` buyers. Raises Problem
    422."""
    _known(asked, smallest)
    spans = domain.periods(asked, local_date(tx.now))
    if not timedelta() < spans.until - spans.since <= LONGEST:
        raise Problem(422, "days", "One day to 364 of them can be compared", pointer="#query/since")
    moments = (
        midnight(spans.before_since), midnight(spans.before_until),
        midnight(spans.since), midnight(spans.until),
    )  # fmt: skip
    nothing = Group((), domain.Figures(), domain.Figures())
    whole = next(iter((await repository.groups(tx, moments, Cut((), 1, 1))).values()), nothing)
    found = await _large_enough(tx, moments, Cut(asked.by, asked.limit, smallest))
    kpi = asked.kpi
    listed = domain.merged(found)
    parts = domain.group_effects(listed, kpi)
    total = domain.added(parts, len(whole.after.chain(kpi)))
    alone = domain.effects(whole.before.chain(kpi), whole.after.chain(kpi))
    zh, en = domain.words(kpi, whole, list(zip(listed, parts, strict=True)), total)
    return Decomposition(
        kpi=kpi, by=list(asked.by), before_since=spans.before_since,
        before_until=spans.before_until, since=spans.since, until=spans.until,
        whole=_shown(whole, alone, (), kpi),
        groups=[
            _shown(group, mine, asked.by, kpi) for group, mine in zip(listed, parts, strict=True)
        ],
        mix=_effects([mine - of for mine, of in zip(total, alone, strict=True)]), zh=zh, en=en,
    )  # fmt: skip


async def _large_enough(tx: Tx, moments: Moments, cut: Cut) -> dict[Labels, Group]:
    """Groups by labels. Those that are too small are one, and more join it until it is not."""
    for _ in range(_ROUNDS):
        found = await repository.groups(tx, moments, cut)
        if not domain.too_small(found.values(), cut.smallest):
            return found
        listed = sum(1 for each in found.values() if not each.rest)
        cut = Cut(cut.by, max(min(cut.limit, listed) - 1, 0), cut.smallest)
    return await repository.groups(tx, moments, Cut(cut.by, 0, cut.smallest))


async def outlook(tx: Tx) -> Outlook:
    """What the models in use expect of sales and of members."""
    sales, churn = await models.in_use(tx, "sales"), await models.in_use(tx, "churn")
    weekly = leaving = None
    zh, en = list[str](), list[str]()
    if sales is not None:
        told = sales["report"]
        figures = told["metrics"].get(told["champion"], {})
        weekly = WeeklySales.model_validate(
            {
                "version": sales["version"], "coverage_80": figures.get("coverage_80"),
                "coverage_95": figures.get("coverage_95"),
                **{name: told[name] for name in ("as_of", "champion", "backtest_weeks", "history",
                                                 "forecast")},
            }
        )  # fmt: skip
        more = domain.forecast_words(weekly.forecast[0], weekly.coverage_80)
        zh.append(more[0])
        en.append(more[1])
    if churn is not None and churn["report"].get("leaving"):
        told = churn["report"]
        leaving = LeavingForecast.model_validate(
            {"version": churn["version"],
             **{name: told[name] for name in ("as_of", "horizon_days", "leaving")}}
        )  # fmt: skip
        more = domain.leaving_words(leaving.leaving, leaving.horizon_days)
        zh.append(more[0])
        en.append(more[1])
    return Outlook(sales=weekly, leaving=leaving, zh=zh, en=en)


def _known(asked: Question, smallest: int) -> None:
    kpi, by = asked.kpi, asked.by
    if smallest > 1 and len(by) > 1:  # rows less columns would show what is in a small group
        title = "One dimension at a time"
        raise Problem(422, "one_dimension", title, pointer="#query/by")
    if not by or len(set(by)) < len(by) or not set(by) <= set(DIMENSIONS):
        title = f"`by` is some of {', '.join(DIMENSIONS)}"
        raise Problem(422, "unknown_dimension", title, pointer="#query/by")
    if kpi == "orders" and "category" in by:
        title = "Orders are of more than one category"
        raise Problem(422, "not_shared_out", title, pointer="#query/by")


def _shown(group: Group, mine: Sequence[int], by: Sequence[str], kpi: str) -> Movement:
    return Movement(
        **dict(zip(by, group.labels, strict=False)),
        rest=group.rest,
        members_before=group.before.members, members_after=group.after.members,
        before=group.before.chain(kpi)[-1], after=group.after.chain(kpi)[-1],
        effects=_effects(mine),
    )  # fmt: skip


def _effects(parts: Sequence[int]) -> Effects:
    named = dict(zip(FACTORS, [*parts, 0, 0, 0], strict=False))
    return Effects(change=sum(parts), **named)
