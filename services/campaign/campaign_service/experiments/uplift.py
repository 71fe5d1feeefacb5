"""Who is worth contacting: models of the difference a contact makes, judged by Qini.

Three ways to learn it (one model a group and their difference; one model of the transformed
outcome; the same after taking away what is foreseen anyway), by trees or linear, chosen on the
learning half; and the model everybody has, "who buys after a contact". Both are judged on the half
that none has seen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import polars as pl

from campaign_service.experiments.reading import Experiment

SEED: Final = 20171001
FEWEST: Final = 400  # units a group below which nothing can be learnt and judged
MOST: Final = 400_000  # units learnt from
FOLDS: Final = 3
BINS: Final = 100
RESAMPLES: Final = 400
CATEGORIES: Final = 30
PARALLEL: Final = 50_000  # rows below which a second thread costs more than it brings
BLEND: Final = "blend"
Score = np.ndarray
Predict = Callable[[np.ndarray], Score]


@dataclass(frozen=True)
class Data:
    """x: (units, columns) f64, NaN: unknown; treated: bool; y: f64."""

    x: np.ndarray
    treated: np.ndarray
    y: np.ndarray

    def at(self, rows: np.ndarray) -> Data:
        """Some of the units."""
        return Data(self.x[rows], self.treated[rows], self.y[rows])

    @property
    def binary(self) -> bool:
        """Whether the outcome is yes or no."""
        return bool(np.isin(self.y, (0.0, 1.0)).all())


def columns(table: pl.DataFrame, names: tuple[str, ...]) -> tuple[np.ndarray, tuple[str, ...]]:
    """What is known of units as numbers; texts as a column for each of their commonest kinds."""
    made: dict[str, np.ndarray] = {}
    for name in names:
        values = table[name]
        if values.n_unique() < 2:
            continue
        if values.dtype.is_numeric() or values.dtype == pl.Boolean:
            made[name] = values.cast(pl.Float64).to_numpy().astype(float)
        elif values.dtype.is_temporal():
            made[name] = values.to_physical().cast(pl.Float64).to_numpy().astype(float)
        else:
            texts = values.cast(pl.String).fill_null("")
            kinds = texts.rename("kind").value_counts(sort=True)["kind"]
            for kind in sorted(kinds[:CATEGORIES]):
                made[f"{name}={kind}"] = (texts == kind).to_numpy().astype(float)
    if not made:
        return np.empty((table.height, 0)), ()
    return np.column_stack(list(made.values())), tuple(made)


def _trees(y: np.ndarray, binary: bool, x: np.ndarray) -> Predict:
    import lightgbm as lgb  # noqa: PLC0415

    rows = len(y)
    settings = {
        "objective": "binary" if binary else "regression",
        "num_leaves": 8,
        "min_data_in_leaf": max(20, rows // 100),
        "learning_rate": 0.05,
        "lambda_l2": 5.0,
        "feature_fraction": 0.8,
        "bagging_fraction": 0.8,
        "bagging_freq": 1,
        "seed": SEED,
        "deterministic": True,
        "num_threads": 1 if rows < PARALLEL else 2,
        "verbosity": -1,
    }
    booster = lgb.train(settings, lgb.Dataset(x, y), num_boost_round=80)
    return lambda new: np.asarray(booster.predict(new), dtype=float)


def _linear(y: np.ndarray, binary: bool, x: np.ndarray) -> Predict:
    from sklearn.impute import SimpleImputer  # noqa: PLC0415
    from sklearn.linear_model import LogisticRegression, RidgeCV  # noqa: PLC0415
    from sklearn.pipeline import make_pipeline  # noqa: PLC0415
    from sklearn.preprocessing import StandardScaler  # noqa: PLC0415

    head = LogisticRegression(C=0.1, max_iter=500) if binary else RidgeCV(np.logspace(0, 5, 11))
    model = make_pipeline(
        SimpleImputer(strategy="median", keep_empty_features=True), StandardScaler(), head
    )
    model.fit(x, y)
    if binary:
        return lambda new: np.asarray(model.predict_proba(new)[:, 1])
    return lambda new: np.asarray(model.predict(new), dtype=float)


def _learner(kind: str, y: np.ndarray, binary: bool, x: np.ndarray) -> Predict:
    if np.ptp(y) == 0:
        constant = float(y[0])
        return lambda new: np.full(len(new), constant)
    return (_trees if kind == "trees" else _linear)(y, binary, x)


def t_learner(data: Data, kind: str) -> Predict:
    """One model a group; the uplift is their difference."""
    on, off = data.treated, ~data.treated
    with_contact = _learner(kind, data.y[on], data.binary, data.x[on])
    without = _learner(kind, data.y[off], data.binary, data.x[off])
    return lambda new: with_contact(new) - without(new)


def transformed(data: Data, kind: str) -> Predict:
    """One model of y·(w-p)/(p(1-p)), whose mean given x is the uplift.

    For a yes-or-no outcome and p = 1/2 that is the class transformation of Jaskowski and
    Jaroszewicz (2012), doubled and shifted.
    """
    share = data.treated.mean()
    centred = data.y - data.y.mean()
    target = centred * (data.treated - share) / (share * (1 - share))
    return _learner(kind, target, False, data.x)


def residual(data: Data, kind: str) -> Predict:
    """Transformed outcome after taking away what is foreseen without regard to the contact.

    Foreseen by models of the other folds. Less noise where the outcome itself can be foreseen.
    Source: Nie & Wager, Biometrika 108 (2021) 299-319, with a known share of contacts.
    """
    foreseen = np.empty(len(data.y))
    for inside, outside in _folds(data):
        foreseen[outside] = _trees(data.y[inside], data.binary, data.x[inside])(data.x[outside])
    share = data.treated.mean()
    target = (data.y - foreseen) * (data.treated - share) / (share * (1 - share))
    return _learner(kind, target, False, data.x)


def response(data: Data, kind: str) -> Predict:
    """Who has the outcome when contacted: the model that looks like targeting, and is not."""
    return _learner(kind, data.y[data.treated], data.binary, data.x[data.treated])


UPLIFT: Final[dict[str, Callable[[Data], Predict]]] = {
    "t_learner_trees": lambda data: t_learner(data, "trees"),
    "t_learner_linear": lambda data: t_learner(data, "linear"),
    "transformed_trees": lambda data: transformed(data, "trees"),
    "transformed_linear": lambda data: transformed(data, "linear"),
    "residual_trees": lambda data: residual(data, "trees"),
    "residual_linear": lambda data: residual(data, "linear"),
}
RESPONSE: Final[dict[str, Callable[[Data], Predict]]] = {
    "response_trees": lambda data: response(data, "trees"),
    "response_linear": lambda data: response(data, "linear"),
}


def ranked(score: Score) -> np.ndarray:
    """The bin of each unit, 0 the best by `score`; ties are broken by chance, not by row."""
    noise = np.random.default_rng(SEED).random(len(score))
    place = np.empty(len(score), dtype=np.int64)
    place[np.lexsort((noise, -score))] = np.arange(len(score)) * BINS // len(score)
    return place


def curve(place: np.ndarray, data: Data, weight: np.ndarray | None = None) -> np.ndarray:
    """Qini curve in BINS + 1 points: outcome gained a unit of all, if the best share is contacted.

    Point k: share k/BINS of `ranked` units times (mean of the contacted - mean of the others)
    among them. The last point is the average effect. `weight`: how often a unit counts.
    """
    weight = np.ones(len(place)) if weight is None else weight
    on, off = weight * data.treated, weight * ~data.treated
    ty, tn, cy, cn = (
        np.cumsum(np.bincount(place, part, BINS)) for part in (on * data.y, on, off * data.y, off)
    )
    gain = ty / np.maximum(tn, 1) - cy / np.maximum(cn, 1)
    share = (tn + cn) / (tn[-1] + cn[-1])
    return np.concatenate([[0.0], gain * share])


def qini(points: np.ndarray) -> float:
    """Area between a Qini curve and the straight line of contacting at random."""
    line = points[-1] * np.linspace(0, 1, BINS + 1)
    return float(np.trapezoid(points - line, dx=1 / BINS))


def halves(data: Data) -> tuple[np.ndarray, np.ndarray]:
    """Row numbers of the learning and of the held-out half, each with half of every group."""
    chance = np.random.default_rng(SEED)
    first = np.zeros(len(data.y), dtype=bool)
    for group in (data.treated, ~data.treated):
        rows = np.flatnonzero(group)
        first[chance.permutation(rows)[: len(rows) // 2]] = True
    return np.flatnonzero(first), np.flatnonzero(~first)


def _folds(data: Data) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    fold = np.random.default_rng(SEED).integers(0, FOLDS, len(data.y))
    for number in range(FOLDS):
        yield np.flatnonzero(fold != number), np.flatnonzero(fold == number)


def _ranks(score: Score) -> Score:
    """0..1 by rank: models have scales of their own."""
    return np.argsort(np.argsort(score)) / max(1, len(score) - 1)


def learn(data: Data, among: dict[str, Callable[[Data], Predict]], name: str) -> Predict:
    """The model called `name`; BLEND is the mean rank by all of them."""
    if name != BLEND:
        return among[name](data)
    models = [one(data) for one in among.values()]
    return lambda new: np.mean([_ranks(model(new)) for model in models], axis=0)


def choose(data: Data, among: dict[str, Callable[[Data], Predict]]) -> str:
    """The way whose Qini on left-out folds of the learning half is best, BLEND among them."""
    scores = {name: np.empty(len(data.y)) for name in among}
    for inside, outside in _folds(data):
        part = data.at(inside)
        for name, way in among.items():
            scores[name][outside] = _ranks(way(part)(data.x[outside]))
    scores[BLEND] = np.mean(list(scores.values()), axis=0)
    found = {name: qini(curve(ranked(score), data)) for name, score in scores.items()}
    return max(found, key=found.__getitem__)


def judge(experiment: Experiment, variant: str) -> dict[str, Any] | None:
    """Qini of uplift model and response model on the held-out half; None where nothing can be.

    `gain`: area of the uplift model minus that of the response model, with its 95 % interval by
    resampling units; `better`: whether the interval lies above 0.
    """
    names = (*experiment.features, *(("pre",) if experiment.has_pre else ()))
    table = experiment.of(experiment.control, variant)
    x, made = columns(table, names)
    treated = (table["variant"] == variant).to_numpy()
    data = Data(x, treated, table["outcome"].to_numpy().astype(float))
    if not made or min(treated.sum(), (~treated).sum()) < FEWEST or np.ptp(data.y) == 0:
        return None
    seen, held = halves(data)
    learning = data.at(np.random.default_rng(SEED).permutation(seen)[:MOST])
    judged = data.at(held)
    chosen = choose(learning, UPLIFT)
    usual = choose(learning, RESPONSE)
    places = {
        "uplift": ranked(learn(learning, UPLIFT, chosen)(judged.x)),
        "response": ranked(learn(learning, RESPONSE, usual)(judged.x)),
    }
    curves = {name: curve(place, judged) for name, place in places.items()}
    values = {name: qini(points) for name, points in curves.items()}
    areas = {name: np.empty(RESAMPLES) for name in places}
    for turn, weight in enumerate(_resamples(len(judged.y))):
        for name, place in places.items():
            areas[name][turn] = qini(curve(place, judged, weight))
    low, high = np.quantile(areas["uplift"] - areas["response"], [0.025, 0.975])
    return {
        "variant": variant,
        "learnt_from": len(learning.y),
        "held_out": len(judged.y),
        "columns": len(made),
        "uplift_model": {"kind": chosen, "qini": values["uplift"], **_shown(areas["uplift"])},
        "response_model": {"kind": usual, "qini": values["response"], **_shown(areas["response"])},
        "average_effect": float(curves["uplift"][-1]),
        "gain": values["uplift"] - values["response"],
        "gain_interval": [float(low), float(high)],
        "better": bool(low > 0),
        "curves": {
            name: [round(float(v), 9) for v in found[:: BINS // 20]]
            for name, found in curves.items()
        },
    }


def _shown(areas: np.ndarray) -> dict[str, list[float]]:
    return {"qini_interval": [float(v) for v in np.quantile(areas, [0.025, 0.975])]}


def _resamples(units: int) -> Iterator[np.ndarray]:
    """Poisson weights: a bootstrap without copying."""
    chance = np.random.default_rng(SEED + 1)
    for _ in range(RESAMPLES):
        yield chance.poisson(1.0, units).astype(float)
