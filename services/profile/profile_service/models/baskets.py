"""Who bought what, how often and how lately; what goes with what. Sparse matrices and EASE.

EASE: Steck (2019), "Embarrassingly Shallow Autoencoders for Sparse Data".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy import linalg, sparse

from profile_service.models.shopping import Shopping

Floats = NDArray[np.float64]
HALF_LIFE = 28.0  # days
MAX_ITEMS = 2000  # goods that EASE relates, the most bought ones: the solve grows with the cube
PENALTY = 0.15  # of EASE, per member


@dataclass(frozen=True)
class Baskets:
    """What was bought before a cut.

    `pairs`, ordered by member and sku: times (days it was bought on), age (days since the last
    time), span (first to last), half (times, each halved every 28 days of age). `items` has one row
    a sku: buyers, repeat (share of buyers who came back for it), recent and month_before (buyers of
    the last 28 days and of the 28 before those), price (fen apiece, the mean).
    """

    cut: int
    pairs: pl.DataFrame
    items: pl.DataFrame


def baskets(shopping: Shopping, cut: int) -> Baskets:
    """Pairs and items before `cut`; returns and nameless goods are left out."""
    nameless = shopping.skus.index_of("") if len(shopping.skus) else None
    sold = shopping.before(cut).filter(
        (pl.col("amount") >= 0) & (pl.col("quantity") >= 0)
        & (pl.lit(True) if nameless is None else pl.col("sku") != nameless)
    )  # fmt: skip
    once = sold.group_by("member", "sku", "day").agg(pl.sum("amount"), pl.sum("quantity"))
    age = cut - pl.col("day")
    pairs = (
        once.group_by("member", "sku")
        .agg(
            pl.len().cast(pl.Float64).alias("times"),
            age.min().cast(pl.Float64).alias("age"),
            (pl.col("day").max() - pl.col("day").min()).cast(pl.Float64).alias("span"),
            (0.5 ** (age / HALF_LIFE)).sum().alias("half"),
            (age <= 28).any().alias("lately"),
            ((age > 28) & (age <= 56)).any().alias("before"),
            pl.sum("amount"),
            pl.sum("quantity"),
        )
        .sort("member", "sku")
        .with_columns(pl.col("half").round(9))  # sums do not depend on the order of rows
    )
    items = (
        pairs.group_by("sku")
        .agg(
            pl.len().cast(pl.Float64).alias("buyers"),
            (pl.col("times") > 1).mean().alias("repeat"),
            pl.sum("lately").cast(pl.Float64).alias("recent"),
            pl.sum("before").cast(pl.Float64).alias("month_before"),
            (pl.sum("amount") / pl.max_horizontal(pl.sum("quantity"), 1)).round(3).alias("price"),
        )
        .sort("sku")
    )
    return Baskets(cut, pairs.drop("lately", "before", "amount", "quantity"), items)


@dataclass(frozen=True)
class Related:
    """EASE over the goods bought most: `skus` (codes), `weights` (goods × goods; row: bought)."""

    skus: NDArray[np.uint32]
    weights: Floats

    def scores(self, owned: Any) -> Floats:
        """How well each good goes with what members own (sparse rows over `skus`)."""
        return np.asarray(owned @ self.weights)

    def owned(self, pairs: pl.DataFrame, members: NDArray[np.uint32]) -> Any:
        """Sparse rows of `members` over `skus`; lately and often bought goods weigh more."""
        return _matrix(pairs, members, self.skus)


def relate(held: Baskets) -> Related:
    """Fit EASE."""
    top = held.items.sort(["recent", "buyers", "sku"], descending=[True, True, False])
    skus = np.sort(top["sku"].head(MAX_ITEMS).to_numpy())
    members = held.pairs["member"].unique().sort().to_numpy()
    matrix = _matrix(held.pairs, members, skus)
    gram = np.asarray((matrix.T @ matrix).todense())
    gram[np.diag_indices_from(gram)] += PENALTY * max(len(members), 100)
    inverse = linalg.inv(gram, overwrite_a=True, check_finite=False)
    weights = -inverse / np.diag(inverse)
    np.fill_diagonal(weights, 0.0)
    return Related(skus, weights)


def _matrix(pairs: pl.DataFrame, members: NDArray[np.uint32], skus: NDArray[np.uint32]) -> Any:
    kept = pairs.filter(pl.col("sku").is_in(pl.Series(skus).implode()))
    kept = kept.filter(pl.col("member").is_in(pl.Series(members).implode()))
    rows = np.searchsorted(members, kept["member"].to_numpy())
    columns = np.searchsorted(skus, kept["sku"].to_numpy())
    value = np.log1p(kept["times"].to_numpy()) * 0.5 + np.log1p(kept["half"].to_numpy())
    shape = (len(members), len(skus))
    return sparse.csr_matrix((value, (rows, columns)), shape=shape)
