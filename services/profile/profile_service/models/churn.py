"""Who will buy nothing in the horizon: calibrated chances, with the reasons for each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.optimize import minimize

from profile_service.models import metrics
from profile_service.models.boosting import Effort, engine
from profile_service.models.champion import RULES, checked
from profile_service.models.champion import chosen as chosen_of
from profile_service.models.clv import Outcome, complete, describe
from profile_service.models.features import Features
from profile_service.models.learning import Known, Learner, Lookup, Plan, learn, peopled, plan
from profile_service.models.leaving import Backtest, expected
from profile_service.models.reasons import Reason, explain
from profile_service.models.shopping import Progress, Shopping, day_of

Floats = NDArray[np.float64]
HIGH_RISK = 0.8
TRUST = 100.0  # how many members' worth of belief that trees are calibrated as they come
TREES_SHARE = 0.65  # of the blend's log odds; the rest is BG/NBD's
EFFORT = Effort(rounds=150, rate=0.04, leaves=12)
QUICK = Effort(rounds=60, rate=0.1, leaves=12)  # sums of chances need less than their ranks


@dataclass(frozen=True)
class Scale:
    """Platt's: log odds are stretched by `slope` and moved by `shift`."""

    slope: float = 1.0
    shift: float = 0.0

    def __call__(self, chance: Floats) -> Floats:
        """The same chances, calibrated."""
        return _chance(self.slope * _odds(chance) + self.shift)


def _odds(chance: Floats) -> Floats:
    held = np.clip(chance, 1e-4, 1 - 1e-4)
    return np.asarray(np.log(held / (1 - held)))


def _chance(odds: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp(-np.clip(odds, -30, 30))))


def fit_scale(chance: Floats, happened: Floats) -> Scale:
    """The scale that makes what happened likeliest, held near the identity."""
    odds = _odds(chance)

    def loss(scale: Floats) -> float:
        moved = scale[0] * odds + scale[1]
        unlikely = np.logaddexp(0, moved) - happened * moved
        return float(unlikely.sum() + TRUST * ((scale[0] - 1) ** 2 + scale[1] ** 2))

    slope, shift = minimize(loss, np.array([1.0, 0.0]), method="Nelder-Mead").x
    return Scale(float(max(slope, 0.1)), float(shift))


def train(shopping: Shopping, horizon: int, progress: Progress) -> tuple[Outcome, list[Reason]]:
    """The chance that a member buys nothing in the `horizon` days from `shopping.as_of`.

    Answers the reasons in the order of members whose chance was learnt; none without trees.
    """
    lookup = Lookup(Features(shopping), horizon)
    chosen = peopled(plan(shopping.first_day, shopping.as_of, horizon), lookup.features)
    now = lookup.at(shopping.as_of)
    report: dict[str, Any] = {"model": "churn", "engine": engine(), **describe(shopping, chosen)}
    reasons, seen = list[Reason](), dict[str, Floats]()
    champion, scale = "rhythm", Scale()
    if chosen.cuts and 0 < _silent(lookup, chosen.cuts[0]).mean() < 1:
        progress("judging on the past")
        champion, scale, judged, seen = _judge(lookup, chosen)
        report |= judged
    else:
        report |= {
            "held_out": None,
            "note": "too short a history, or too few members, to learn from: BG/NBD alone",
        }
    if champion == "recency":
        chance = _recency(lookup, chosen.cuts, now)
    elif champion in ("trees", "blend"):
        progress("learning")
        learner = _learn(lookup, chosen.cuts)
        chance = scale(_voices(learner.predict(now), now.rhythm[:, 2])[champion])
        progress("finding reasons")
        reasons = explain(learner, now)
        report["importance"] = dict(learner.trees.importance()[:15])
    else:
        chance = scale(now.rhythm[:, 2])
    report |= {
        "champion": champion,
        "calibration": {"slope": scale.slope, "shift": scale.shift},
        "high_risk": {"at_least": HIGH_RISK, "members": int((chance >= HIGH_RISK).sum())},
        "early_warning_days": horizon,
    }
    progress("counting who left in past months")
    report["leaving"] = leaving(lookup, chosen, chance)
    table = pl.DataFrame({"member": now.features["member"], "p": np.round(chance, 6)})
    learnt = table["member"].to_list()
    return Outcome(complete(shopping, table, 1.0), report, seen, learnt), reasons


def _silent(lookup: Lookup, cut: int) -> Floats:
    """1 for who bought nothing in the horizon."""
    return (lookup.outcome(cut, "orders") <= 0).astype(np.float64)


def leaving(lookup: Lookup, chosen: Plan, chance: Floats) -> dict[str, Any]:
    """How many of the members who bought lately will buy nothing in the horizon, with an interval.

    Past days are forecast from what was known then, by trees of cuts whose horizons were over.
    """
    now = _lately(lookup, chosen.horizon, lookup.features.shopping.as_of)
    told: list[Backtest] = []
    for cut in chosen.cuts:
        past = tuple(each for each in chosen.cuts if each + chosen.horizon <= cut)
        active = _lately(lookup, chosen.horizon, cut)
        silent = _silent(lookup, cut)
        if past and active.any() and 0 < _silent(lookup, past[0]).mean() < 1:
            said = _learn(lookup, past, effort=QUICK).predict(lookup.at(cut))[active]
            told.append(Backtest(cut, float(said.sum()), float(silent[active].sum())))
    return expected(chance[now], told)


def _lately(lookup: Lookup, horizon: int, cut: int) -> NDArray[np.bool_]:
    return np.asarray(lookup.at(cut).features["recency"].to_numpy() <= 2 * horizon)


def _learn(
    lookup: Lookup, cuts: tuple[int, ...], half: int | None = None, effort: Effort | None = None
) -> Learner:
    def keep(known: Known) -> NDArray[np.bool_]:
        return np.asarray(known.features["member"].to_numpy() % 2 != half)

    return learn(
        lookup, cuts, lambda cut: _silent(lookup, cut), "binary", effort or EFFORT,
        keep=keep if half is not None else None,
    )  # fmt: skip


def _recency(lookup: Lookup, cuts: tuple[int, ...], known: Known) -> Floats:
    """The rule to beat: how often members as long away as this one stayed away, at past cuts."""
    away = np.concatenate([lookup.at(cut).features["recency"].to_numpy() for cut in cuts])
    silent = np.concatenate([_silent(lookup, cut) for cut in cuts])
    edges = np.unique(np.quantile(away, np.linspace(0, 1, 21)[1:-1]))
    place = np.searchsorted(edges, away, side="right")
    rates = np.array([
        (silent[place == bin_].sum() + silent.mean()) / ((place == bin_).sum() + 1)
        for bin_ in range(len(edges) + 1)
    ])  # fmt: skip
    here = np.searchsorted(edges, known.features["recency"].to_numpy(), side="right")
    return np.asarray(rates[here])


def _voices(trees: Floats, rhythm: Floats) -> dict[str, Floats]:
    """Ways to say a chance, before calibration."""
    blend = _chance(TREES_SHARE * _odds(trees) + (1 - TREES_SHARE) * _odds(rhythm))
    return {"trees": trees, "blend": blend, "rhythm": rhythm}


def _judge(lookup: Lookup, chosen: Plan) -> tuple[str, Scale, dict[str, Any], dict[str, Floats]]:
    """Champion and calibration by a held-out cut (or half of the members), as for spend.

    A voice is calibrated by one half of the members and judged on the other, in turn.
    """
    cut, how = (chosen.test, "later cut") if chosen.test else (chosen.cuts[0], "half of members")
    past, half = (chosen.early, None) if chosen.test else (chosen.cuts, 1)
    known = lookup.at(cut)
    codes = known.features["member"].to_numpy()
    mine = np.ones(len(codes), bool) if half is None else codes % 2 == half
    happened = _silent(lookup, cut)[mine]
    odd = codes[mine] // 2 % 2
    raw = _voices(_learn(lookup, past, half).predict(known)[mine], known.rhythm[mine, 2])
    candidates = {"recency": _recency(lookup, past, known)[mine]}
    for name, chance in raw.items():
        candidates[name] = np.empty(len(chance))
        for part in (0, 1):
            scale = fit_scale(chance[odd != part], happened[odd != part])
            candidates[name][odd == part] = scale(chance[odd == part])
    recent = known.features["recency"].to_numpy()[mine] <= 2 * lookup.horizon
    figures = {name: metrics.chance(chance, happened) for name, chance in candidates.items()}
    rule, voices = RULES["churn"], [name for name in figures if name in raw]
    champion = chosen_of(rule, figures, voices)
    report = {
        "held_out": {"cut": day_of(cut).isoformat(), "how": how, "members": len(happened)},
        "metrics": figures,
        "check": checked(rule, figures, voices),
        "metrics_bought_in_last_two_horizons": {
            name: metrics.chance(chance[recent], happened[recent])
            for name, chance in candidates.items()
            if recent.any()
        },
        "calibration_table": metrics.calibration(candidates[champion], happened),
    }
    scale = fit_scale(raw[champion], happened) if champion in raw else Scale()
    return champion, scale, report, {"predicted": candidates[champion], "actual": happened}
