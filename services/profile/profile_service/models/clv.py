"""What members will spend: the baseline, BG/NBD with Gamma-Gamma, trees, and their blend."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from profile_service.models import metrics
from profile_service.models.boosting import Effort, engine
from profile_service.models.champion import RULES, checked
from profile_service.models.champion import chosen as chosen_of
from profile_service.models.features import Features
from profile_service.models.learning import Known, Learner, Lookup, Plan, learn, peopled, plan
from profile_service.models.shopping import Progress, Shopping, day_of

Floats = NDArray[np.float64]
PARTS = ("baseline", "rhythm", "trees")
BELIEVED = np.array([0.5, 0.2, 0.3])  # weights before anything is seen
UNTRAINED = np.array([0.7, 0.3, 0.0])  # weights where history is too short for trees
EFFORT = Effort(rounds=160, rate=0.05, leaves=16)


@dataclass(frozen=True)
class Outcome:
    """Predictions (one row a member, in order of code) and the report on them.

    `learnt`: codes of the members that features know, in their order.
    """

    predictions: pl.DataFrame
    report: dict[str, Any]
    seen: dict[str, Floats]  # of the held-out cut, for plots
    learnt: list[int]


def train(shopping: Shopping, horizon: int, progress: Progress) -> Outcome:
    """Expected spend of everybody in the `horizon` days from `shopping.as_of`; fen."""
    lookup = Lookup(Features(shopping), horizon)
    chosen = peopled(plan(shopping.first_day, shopping.as_of, horizon), lookup.features)
    now = lookup.at(shopping.as_of)
    learnt = now.features["member"].to_list()
    report: dict[str, Any] = {"model": "clv", "engine": engine(), **describe(shopping, chosen)}
    if not chosen.cuts:
        report |= {
            "champion": "untrained", "weights": _named(UNTRAINED), "held_out": None,
            "note": "too short a history, or too few members, to learn from or be judged by",
        }  # fmt: skip
        return Outcome(_answer(shopping, now, _parts(now, None) @ UNTRAINED), report, {}, learnt)
    progress("judging on the past")
    weights, judged, seen = _judge(lookup, chosen)
    report |= judged
    learner = None
    if weights[2] > 0:
        progress("learning")
        learner = _learn(lookup, chosen.cuts)
        report["importance"] = dict(learner.trees.importance()[:15])
    spend = _parts(now, learner) @ weights
    return Outcome(_answer(shopping, now, spend), report, seen, learnt)


def describe(shopping: Shopping, chosen: Plan) -> dict[str, Any]:
    """The data and the days of a report."""
    return {
        "as_of": day_of(shopping.as_of).isoformat(),
        "horizon_days": chosen.horizon,
        "data": {
            "members": len(shopping.members),
            "orders": shopping.lines.select("member", "order_no", "day").n_unique(),
            "lines": shopping.lines.height,
            "skus": len(shopping.skus),
            "products_described": shopping.products.height,
            "first_day": day_of(shopping.first_day).isoformat(),
            "history_days": shopping.history,
        },
        "cuts": [day_of(cut).isoformat() for cut in chosen.cuts],
    }


def _learn(lookup: Lookup, cuts: tuple[int, ...], half: int | None = None) -> Learner:
    """Trees of the root of spend, whose errors are alike for small and large members."""

    def root(cut: int) -> Floats:
        return np.sqrt(np.maximum(lookup.outcome(cut, "spend"), 0))

    def keep(known: Known) -> NDArray[np.bool_]:
        return np.asarray(known.features["member"].to_numpy() % 2 != half)

    return learn(lookup, cuts, root, "mae", EFFORT, keep=keep if half is not None else None)


def _parts(known: Known, learner: Learner | None) -> Floats:
    """One column a part of `PARTS`; fen."""
    trees = known.baseline if learner is None else np.square(np.maximum(learner.predict(known), 0))
    return np.column_stack([known.baseline, known.rhythm[:, 1], trees])


def _judge(lookup: Lookup, chosen: Plan) -> tuple[Floats, dict[str, Any], dict[str, Floats]]:
    """Weights of the parts; what they and the baseline were worth on a held-out cut.

    Held out is the last cut, predicted from cuts whose horizons ended before it. Where history is
    too short for that, half of the members are held out. Weights are chosen on one half of the
    members and judged on the other, in turn.
    """
    if chosen.test is not None:
        cut, how = chosen.test, "later cut"
        parts = _parts(lookup.at(cut), _learn(lookup, chosen.early))
        actual = lookup.outcome(cut, "spend")
        odd = lookup.at(cut).features["member"].to_numpy() % 2
    else:
        cut, how = chosen.cuts[0], "half of the members"
        known = lookup.at(cut)
        mine = known.features["member"].to_numpy() % 2 == 1
        parts = _parts(known, _learn(lookup, chosen.cuts, half=1))[mine]
        actual = lookup.outcome(cut, "spend")[mine]
        odd = np.arange(len(actual)) % 2
    blend = np.empty(len(actual))
    for half in (0, 1):
        blend[odd == half] = parts[odd == half] @ _weights(parts[odd != half], actual[odd != half])
    weights = _weights(parts, actual)
    figures = {
        "blend": metrics.spend(blend, actual),
        **{name: metrics.spend(parts[:, place], actual) for place, name in enumerate(PARTS)},
    }
    champion = chosen_of(RULES["clv"], figures, ["blend"])
    wins = champion == "blend"
    report = {
        "champion": champion,
        "check": checked(RULES["clv"], figures, ["blend"]),
        "weights": _named(weights if wins else np.array([1.0, 0.0, 0.0])),
        "held_out": {"cut": day_of(cut).isoformat(), "how": how, "members": len(actual)},
        "metrics": figures,
    }
    seen = {"predicted": blend if wins else parts[:, 0], "actual": actual}
    return weights if wins else np.array([1.0, 0.0, 0.0]), report, seen


def _weights(parts: Floats, actual: Floats) -> Floats:
    """The blend with the least absolute error, drawn half way to what is believed beforehand."""
    tenths = [
        np.array([one, two, 10 - one - two]) / 10
        for one, two in product(range(11), repeat=2) if one + two <= 10
    ]  # fmt: skip
    best = min(tenths, key=lambda weights: float(np.abs(parts @ weights - actual).mean()))
    return np.asarray((best + BELIEVED) / 2)


def _named(weights: Floats) -> dict[str, float]:
    return dict(zip(PARTS, np.round(weights, 4).tolist(), strict=True))


def _answer(shopping: Shopping, known: Known, spend: Floats) -> pl.DataFrame:
    codes = known.features["member"]
    return complete(shopping, pl.DataFrame({"member": codes, "spend_fen": np.round(spend, 2)}), 0.0)


def complete(shopping: Shopping, table: pl.DataFrame, missing: float) -> pl.DataFrame:
    """Names for codes, and a row for those who only ever returned something."""
    everybody = pl.DataFrame({"member": np.arange(len(shopping.members), dtype=np.uint32)})
    whole = everybody.join(table, on="member", how="left", maintain_order="left")
    return whole.with_columns(
        shopping.members[whole["member"].to_numpy()].alias("member"),
        pl.exclude("member").fill_null(missing),
    )
