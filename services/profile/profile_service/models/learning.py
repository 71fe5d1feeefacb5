"""Which past days to learn from, which to be judged by, and the trees of both."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from profile_service.models import bgnbd, boosting
from profile_service.models.boosting import Effort, Objective, Trees
from profile_service.models.features import Features, aligned, windows

Floats = NDArray[np.float64]
LEAST = 28  # days of history below which nothing is learnt
LEAST_MEMBERS = 20  # who bought before a cut: fewer of them teach nothing, and judge nothing
CUTS = 8
MAX_ROWS = 240_000  # rows to train on; more of them change little
RHYTHM = ("expected_visits", "expected_spend", "silent")
_NEED_WHOLE_HISTORY = ("tenure", "span", "days_bought", "orders", "spend", "items", "returned")


@dataclass(frozen=True)
class Plan:
    """Cuts (days since 1970) whose horizons lie before `as_of`.

    `test` is judged with a model of the cuts `early`, whose horizons end before it; None where
    history is too short for both. No cuts at all: too short to learn.
    """

    horizon: int
    cuts: tuple[int, ...]
    test: int | None
    early: tuple[int, ...]


def plan(first_day: int, as_of: int, horizon: int) -> Plan:
    """Cuts inside the history; the nearest to `as_of` first."""
    least = min(60, max(LEAST, (as_of - horizon - first_day) // 3))
    cuts = _cuts(first_day + least, as_of - horizon, horizon)
    early = _cuts(first_day + least, as_of - 2 * horizon, horizon)
    return Plan(horizon, cuts, as_of - horizon if early else None, early)


def _cuts(first: int, last: int, horizon: int) -> tuple[int, ...]:
    if last < first:
        return ()
    step = max(7, min(15, (last - first) // (CUTS - 1)))
    return tuple(range(last, first - 1, -step))[:CUTS]


def peopled(chosen: Plan, features: Features) -> Plan:
    """The plan without cuts before which hardly anybody had bought."""

    def enough(cuts: tuple[int, ...]) -> tuple[int, ...]:
        return tuple(cut for cut in cuts if features.buyers(cut) >= LEAST_MEMBERS)

    cuts, early = enough(chosen.cuts), enough(chosen.early)
    test = chosen.test if cuts and early else None
    return Plan(chosen.horizon, cuts, test, early if test is not None else ())


def baseline(features: pl.DataFrame, horizon: int) -> Floats:
    """Half the last horizon's spend, half of what the last two horizons make for one; fen."""
    last, both = features[f"spend_{horizon}"], features[f"spend_{2 * horizon}"]
    return np.asarray(np.maximum(((last + both) / 2 * horizon).to_numpy(), 0.0))


def rhythm(features: pl.DataFrame, horizon: int) -> Floats:
    """What BG/NBD and Gamma-Gamma, fitted to these members, expect: columns `RHYTHM`."""
    x = features["days_bought"].cast(pl.Float64).to_numpy() - 1
    t_x = features["span"].cast(pl.Float64).to_numpy()
    t = np.maximum(features["tenure"].cast(pl.Float64).to_numpy(), 1.0)
    average = features["spend"].to_numpy() / (x + 1)
    when, worth = bgnbd.fit_rhythm(x, t_x, t), bgnbd.fit_worth(x + 1, average)
    visits = when.expected(x, t_x, t, horizon)
    spend = visits * np.maximum(worth.mean(x + 1, np.maximum(average, 0)), 0)
    return np.column_stack([visits, spend, when.nothing(x, t_x, t, horizon)])


@dataclass(frozen=True)
class Known:
    """Members at a cut: their features and what the simple models say."""

    cut: int
    features: pl.DataFrame
    baseline: Floats
    rhythm: Floats

    def matrix(self, names: list[str]) -> Floats:
        """What trees see: the named features, then the simple models."""
        table = self.features.select(pl.col(names).cast(pl.Float64)).to_numpy()
        return np.column_stack([table, self.rhythm, self.baseline])


class Lookup:
    """Members at cuts, each computed once."""

    def __init__(self, features: Features, horizon: int) -> None:
        self.features, self.horizon = features, horizon
        self._known: dict[int, Known] = {}

    def at(self, cut: int) -> Known:
        """Everybody who bought before `cut`."""
        if cut not in self._known:
            table = self.features.at(cut, self.horizon)
            self._known[cut] = Known(
                cut, table, baseline(table, self.horizon), rhythm(table, self.horizon)
            )
        return self._known[cut]

    def outcome(self, cut: int, name: str) -> Floats:
        """What came of them in the horizon: `spend` (fen) or `orders`."""
        happened = self.features.outcome(cut, self.horizon)
        return aligned(self.at(cut).features, happened, name)

    def names(self, cuts: tuple[int, ...]) -> list[str]:
        """Features that mean the same at all cuts: windows no longer than the shortest history."""
        shortest = min(cuts) - self.features.shopping.first_day
        lengths = windows(self.horizon)
        longest = min((days for days in lengths if days >= shortest), default=lengths[-1])
        dropped = {
            f"{kind}_{days}"
            for days in lengths if days > longest for kind in ("spend", "visits", "items")
        }  # fmt: skip
        if shortest < 360:
            dropped.update(_NEED_WHOLE_HISTORY)
        columns = self.at(cuts[0]).features.columns
        return [name for name in columns if name != "member" and name not in dropped]


@dataclass(frozen=True)
class Learner:
    """Trees and the features they were shown."""

    trees: Trees
    names: list[str]

    def predict(self, known: Known) -> Floats:
        """One value a member."""
        return self.trees.predict(known.matrix(self.names))

    def contributions(self, known: Known) -> Floats | None:
        """One row a member, one column a name of `trees.names`."""
        return self.trees.contributions(known.matrix(self.names))


def learn(
    lookup: Lookup,
    cuts: tuple[int, ...],
    target: Callable[[int], Floats],
    objective: Objective,
    effort: Effort,
    *,
    keep: Callable[[Known], NDArray[np.bool_]] | None = None,
) -> Learner:
    """Trees on all members of all cuts; `keep` leaves some out."""
    names = lookup.names(cuts)
    matrices: list[Any] = []
    targets: list[Any] = []
    for cut in cuts:
        known, wanted = lookup.at(cut), target(cut)
        rows = np.ones(len(wanted), bool) if keep is None else keep(known)
        matrices.append(known.matrix(names)[rows])
        targets.append(wanted[rows])
    matrix, wanted = np.vstack(matrices), np.concatenate(targets)
    every = -(-len(wanted) // MAX_ROWS)
    columns = [*names, *RHYTHM, "baseline"]
    return Learner(
        boosting.fit(matrix[::every], wanted[::every], columns, objective, effort), names
    )
