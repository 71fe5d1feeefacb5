"""Sales of the weeks to come, with intervals from how wrong the past's forecasts were.

Weeks are spans of seven days that end at `as_of`, so that none is cut off. A few simple forecasters
are tried at every past week; one is chosen by its early errors and takes over only if it beats
"as last week" on later ones. Intervals are conformal (Vovk et al. 2005; split by time): of the
champion's past errors so many weeks ahead, the quantile that leaves out what was asked for; nothing
is assumed of their distribution. How often held-out weeks lay inside is in the report.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from profile_service.models.champion import RULES, checked
from profile_service.models.champion import chosen as chosen_of
from profile_service.models.clv import describe
from profile_service.models.learning import Plan
from profile_service.models.shopping import Progress, Shopping, Unusable, day_of

Floats = NDArray[np.float64]
Forecaster = Callable[[Floats, int], Floats]
LEVELS = (0.8, 0.95)
LEAST = 8  # weeks before the first forecast that is judged
YEAR = 52


def _smoothed(alpha: float, beta: float, damping: float) -> Forecaster:
    """Holt's two smoothings, the trend dying away (Gardner & McKenzie 1985)."""

    def forecast(past: Floats, ahead: int) -> Floats:
        level, trend = float(past[0]), 0.0
        for value in past[1:]:
            before = level
            level = alpha * value + (1 - alpha) * (level + damping * trend)
            trend = beta * (level - before) + (1 - beta) * damping * trend
        steps = np.cumsum(damping ** np.arange(1, ahead + 1))
        return np.asarray(np.maximum(level + steps * trend, 0.0))

    return forecast


def _mean(weeks: int) -> Forecaster:
    return lambda past, ahead: np.full(ahead, past[-weeks:].mean())


def _year_ago(past: Floats, ahead: int) -> Floats:
    """What came a year ago, as much more as the last eight weeks were than then."""
    then, now = past[-YEAR - 8 : -YEAR].sum(), past[-8:].sum()
    shape = past[-YEAR : len(past) - YEAR + ahead]
    return np.asarray(shape * (now / then if then > 0 else 1.0))


FORECASTERS: Mapping[str, Forecaster] = {
    "last_week": _mean(1), "mean_4": _mean(4), "mean_8": _mean(8),
    "smoothed": _smoothed(0.4, 0.0, 0.9), "slow": _smoothed(0.2, 0.0, 0.9),
    "trend": _smoothed(0.5, 0.1, 0.9), "year_ago": _year_ago,
}  # fmt: skip


@dataclass(frozen=True)
class Judged:
    """Errors of forecasters at past origins: by name, one row an origin, one column a week ahead;
    actual less forecast, relative to the level of the time. NaN: not known yet."""

    origins: list[int]
    errors: dict[str, Floats]
    level: Floats  # by origin: mean of the eight weeks before


def judge(values: Floats, ahead: int) -> Judged:
    """Forecast from every week on."""
    origins = list(range(LEAST, len(values)))
    level = np.array([max(values[max(0, o - 8) : o].mean(), 1.0) for o in origins])
    errors = {}
    for name, forecaster in FORECASTERS.items():
        if name == "year_ago" and len(values) < YEAR + LEAST + 12:
            continue
        rows = np.full((len(origins), ahead), np.nan)
        for place, origin in enumerate(origins):
            if name == "year_ago" and origin < YEAR + LEAST:
                continue
            known = min(ahead, len(values) - origin)
            said = forecaster(values[:origin], ahead)
            rows[place, :known] = (values[origin : origin + known] - said[:known]) / level[place]
        errors[name] = rows
    return Judged(origins, errors, level)


def _mistake(errors: Floats) -> float:
    known = np.abs(errors[~np.isnan(errors)])
    return float(known.mean()) if len(known) else np.inf


def reach(errors: Floats, level: float) -> Floats:
    """By weeks ahead: how far off all but 1 - `level` of the past's errors were at most (and one
    in n + 1 for what is not known of a future one). Where there are too few: the largest, and half
    as much again."""
    found = np.zeros(errors.shape[1])
    for place in range(errors.shape[1]):
        near = errors[:, max(0, place - 1) : place + 2]  # the weeks beside it tell of it, too
        known = np.sort(np.abs(near[~np.isnan(near)]))
        if not len(known):
            found[place] = found[place - 1] if place else 0.0
            continue
        rank = int(np.ceil(level * (len(known) + 1)))
        found[place] = known[rank - 1] if rank <= len(known) else known[-1] * 1.5
    return np.asarray(np.maximum.accumulate(found))


def coverage(judged: Judged, name: str, first: int, level: float) -> tuple[float, int]:
    """Share of the weeks forecast at the origins from the `first` on that lay inside intervals
    made of errors known by then, and how many weeks that were."""
    inside = total = 0
    errors = judged.errors[name]
    for place in range(first, len(judged.origins)):
        rows = errors[:place].copy()
        for earlier in range(place):  # its errors later than this origin are not known there
            rows[earlier, place - earlier :] = np.nan
        wide = reach(rows, level)
        mine = errors[place]
        known = ~np.isnan(mine)
        inside += int((np.abs(mine[known]) <= wide[known]).sum())
        total += int(known.sum())
    return (inside / total if total else float("nan")), total


def weeks(shopping: Shopping) -> tuple[Floats, NDArray[np.int64]]:
    """Fen (less what was returned) and members who bought, by span of seven days, oldest first."""
    count = shopping.history // 7
    back = (shopping.as_of - 1 - pl.col("day")) // 7
    table = (
        shopping.lines.with_columns((count - 1 - back).alias("week"))
        .filter(pl.col("week") >= 0)
        .group_by("week")
        .agg(pl.sum("amount"), pl.col("member").filter(pl.col("amount") > 0).n_unique())
    )
    fen, members = np.zeros(count), np.zeros(count, np.int64)
    place = table["week"].to_numpy()
    fen[place], members[place] = table["amount"].to_numpy(), table["member"].to_numpy()
    return fen, members


def train(shopping: Shopping, horizon: int, progress: Progress) -> dict[str, Any]:
    """The report, with `history` and `forecast` by week. Raises Unusable."""
    fen, members = weeks(shopping)
    ahead = max(1, -(-horizon // 7))
    if len(fen) < LEAST + 4:
        raise Unusable(f"{len(fen)} whole weeks are too few to forecast from: {LEAST + 4} at least")
    progress("forecasting past weeks")
    judged = judge(fen, ahead)
    held = max(LEAST, len(judged.origins) * 2 // 3)  # the last third is held out
    held = min(held, len(judged.origins) - 1)
    rule = RULES["sales"]
    best = min(
        (name for name in judged.errors if name != rule.baseline),
        key=lambda name: _mistake(judged.errors[name][:held]),
    )
    figures = {
        name: {rule.figure: _mistake(judged.errors[name][held:])} for name in (best, rule.baseline)
    }
    champion = chosen_of(rule, figures, [best])
    said = FORECASTERS[champion](fen, ahead)
    level = max(float(fen[-8:].mean()), 1.0)
    wide = {of: reach(judged.errors[champion], of) * level for of in LEVELS}
    inside = {of: coverage(judged, champion, held, of) for of in LEVELS}
    cut = day_of(shopping.as_of - 7 * (len(fen) - judged.origins[held]))
    check = checked(rule, figures, [best])
    figures[champion] |= {f"coverage_{of * 100:.0f}": inside[of][0] for of in LEVELS}
    plan = Plan(horizon, (), None, ())
    return {
        "model": "sales", "engine": "exponential smoothing, conformal intervals",
        **describe(shopping, plan), "champion": champion,
        "held_out": {"cut": cut.isoformat(), "how": "later weeks", "members": int(members.max())},
        "metrics": figures, "check": check, "history": _history(shopping, fen, members),
        "forecast": [
            {
                **_span(shopping.as_of + 7 * n), "expected_fen": round(float(said[n])),
                **{
                    f"{end}_{of * 100:.0f}_fen": round(max(float(said[n] + way * wide[of][n]), 0))
                    for of in LEVELS for end, way in (("low", -1), ("high", 1))
                },
            }
            for n in range(ahead)
        ],
        "backtest_weeks": inside[LEVELS[0]][1],
    }  # fmt: skip


def _span(first: int) -> dict[str, str]:
    return {"since": day_of(first).isoformat(), "until": day_of(first + 7).isoformat()}


def _history(
    shopping: Shopping, fen: Floats, members: Sequence[int] | NDArray[np.int64]
) -> list[dict[str, Any]]:
    first = shopping.as_of - 7 * len(fen)
    return [
        {**_span(first + 7 * n), "fen": round(float(fen[n])), "members": int(members[n])}
        for n in range(max(0, len(fen) - 2 * YEAR), len(fen))
    ]
