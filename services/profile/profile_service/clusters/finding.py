"""Find groups of members who shop alike. Pure: the same people give the same groups.

Features are standardised and turned to principal components; a mixture of normal distributions with
as many parts as the Bayesian information criterion likes best says who belongs together.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment
from sklearn.decomposition import PCA
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import silhouette_score
from sklearn.mixture import GaussianMixture
from sklearn.preprocessing import StandardScaler

Floats = NDArray[np.float64]
Labels = NDArray[np.int64]
SMALLEST = 10  # members: nobody is singled out
MOST = 12  # clusters that people can tell apart
LEAST = 5 * SMALLEST  # members to look for clusters in at all
FITTED = 50_000  # members to fit by; all are assigned
JUDGED = 2_000  # members whose distances are looked at
EXPLAINED = 0.8  # of the variance, by the components that are kept
LEAST_SHARE = 0.01  # of everybody's money or orders, for a name to be a feature
MOST_NAMES = 12  # departments, channels or parts of the day
FURTHEST = 3.0  # standard deviations: a few very large members do not make a cluster
SAME = 0.3  # overlap (Jaccard) from which on a cluster is the one found before
SEED = 20170101


@dataclass(frozen=True)
class Found:
    """Labels from 0 on, one a row; None, with a `note`, if there are no clusters. `trials` are
    (clusters, bic, smallest)."""

    labels: Labels | None
    names: list[str]
    trials: list[tuple[int, float, int]]
    silhouette: float | None = None
    note: str | None = None


def features(people: pl.DataFrame, shares: pl.DataFrame) -> tuple[list[str], Floats]:
    """Names and columns: recency, frequency, money, basket, coupons, and shares by department,
    channel and part of the day.

    `people`: subject, days (since the last order), orders, net_fen, coupon_orders. `shares`:
    subject, kind (department, channel, daypart), name, n (fen or orders).
    """
    orders = np.maximum(people["orders"].to_numpy().astype(float), 1)
    money = np.maximum(people["net_fen"].to_numpy().astype(float), 0)
    columns: dict[str, Floats] = {
        "recency": np.log1p(np.maximum(people["days"].to_numpy().astype(float), 0)),
        "frequency": np.log1p(orders),
        "monetary": np.log1p(money),
        "basket": np.log1p(money / orders),
        "coupons": people["coupon_orders"].to_numpy() / orders,
    }
    rows = people.select("subject", pl.int_range(pl.len()).alias("row"))
    known = shares.filter(pl.col("n") > 0).join(rows, on="subject")
    for kind in ("department", "channel", "daypart"):
        columns |= _shares(known.filter(pl.col("kind") == kind), kind, len(people))
    kept = {name: column for name, column in columns.items() if column.std() > 1e-9}
    return list(kept), np.column_stack(list(kept.values())) if kept else np.empty((len(people), 0))


def _shares(long: pl.DataFrame, kind: str, people: int) -> dict[str, Floats]:
    """Roots of shares: differences of roots weigh the same for small shares and large ones."""
    total = long.group_by("name").agg(pl.col("n").sum()).sort("n", "name", descending=[True, False])
    least = LEAST_SHARE * float(total["n"].sum() or 0)
    names = total.filter(pl.col("n") >= least)["name"].to_list()[:MOST_NAMES]
    whole = np.zeros(people)
    np.add.at(whole, long["row"].to_numpy(), long["n"].to_numpy().astype(float))
    found = {}
    for name in names:
        mine = long.filter(pl.col("name") == name)
        share = np.zeros(people)
        rows = mine["row"].to_numpy()
        share[rows] = np.sqrt(mine["n"].to_numpy() / whole[rows])
        found[f"{kind}={name}"] = share
    return found


def find(people: pl.DataFrame, shares: pl.DataFrame) -> Found:
    """Clusters of these people, none smaller than `SMALLEST`."""
    names, columns = features(people, shares)
    if len(people) < LEAST or not names:
        return Found(None, names, [], note=f"fewer than {LEAST} members have bought")
    scaled = np.clip(StandardScaler().fit_transform(columns), -FURTHEST, FURTHEST)
    parts = PCA(EXPLAINED, svd_solver="full").fit_transform(scaled)
    every = -(-len(parts) // FITTED)
    best: tuple[float, Labels | None] = (np.inf, None)
    trials = []
    for clusters in range(1, min(MOST, len(people) // SMALLEST) + 1):
        bic, labels = _mixture(parts, parts[::every], clusters)
        sizes = np.bincount(labels, minlength=clusters)
        trials.append((clusters, round(bic, 1), int(sizes.min())))
        if sizes.min() >= SMALLEST and bic < best[0]:
            best = bic, labels
    chosen = best[1]
    if chosen is None or chosen.max() == 0:
        return Found(None, names, trials, note="the members are one crowd")
    apart = silhouette_score(parts, chosen, sample_size=min(JUDGED, len(parts)), random_state=SEED)
    return Found(chosen, names, trials, round(float(apart), 4))


def _mixture(parts: Floats, some: Floats, clusters: int) -> tuple[float, Labels]:
    mixture = GaussianMixture(
        clusters, covariance_type="diag", n_init=2, reg_covar=1e-3, random_state=SEED
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # the criterion judges it all the same
        mixture.fit(some)
    return float(mixture.bic(some)), mixture.predict(parts).astype(np.int64)


def same_as(labels: Labels, before: Sequence[int | None]) -> dict[int, int]:
    """The number that each label's cluster had before, where it is the same one by its members."""
    earlier = sorted({number for number in before if number is not None})
    old = np.array([-1 if number is None else earlier.index(number) for number in before])
    if not earlier:
        return {}
    count = int(labels.max()) + 1
    both = np.zeros((count, len(earlier)))
    np.add.at(both, (labels[old >= 0], old[old >= 0]), 1)
    sizes = np.bincount(labels, minlength=count)[:, None] + np.bincount(
        old[old >= 0], minlength=len(earlier)
    )
    overlap = both / (sizes - both)
    pairs = zip(*linear_sum_assignment(-overlap), strict=True)
    return {int(a): earlier[b] for a, b in pairs if overlap[a, b] >= SAME}


def report(found: Found) -> dict[str, Any]:
    """As it is kept."""
    return {
        "silhouette": found.silhouette,
        "features": found.names,
        "note": found.note,
        "trials": [
            {"clusters": clusters, "bic": bic, "smallest": smallest}
            for clusters, bic, smallest in found.trials
        ],
    }
