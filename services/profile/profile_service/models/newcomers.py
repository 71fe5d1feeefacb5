"""What to offer to members of whom no purchase is known: what others like them buy lately."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from profile_service.models import metrics
from profile_service.models.candidates import purchases
from profile_service.models.shopping import Shopping

LATELY = 28  # days
KEPT, TOP = 20, 10
LEAST = 10  # buyers of a good in a group: nobody's own habit is told


def popular(bought: pl.DataFrame, by: str, least: int = LEAST) -> pl.DataFrame:
    """The goods that most members of each group bought: `by`, sku, members, place (from 1).

    `bought` has member, sku and `by`; groups that are null or "" have no list.
    """
    return (
        bought.filter(pl.col(by).is_not_null() & (pl.col(by).cast(pl.String) != ""))
        .group_by(by, "sku")
        .agg(pl.col("member").n_unique().alias("members"))
        .filter(pl.col("members") >= least)
        .sort([by, "members", "sku"], descending=[False, True, False])
        .with_columns(pl.int_range(1, pl.len() + 1).over(by).cast(pl.Int32).alias("place"))
        .filter(pl.col("place") <= KEPT)
    )


def lately(shopping: Shopping, cut: int) -> pl.DataFrame:
    """member, sku, store of what was bought in the days before `cut`."""
    nameless = shopping.skus.index_of("") if len(shopping.skus) else None
    return shopping.lines.filter(
        (pl.col("day") < cut) & (pl.col("day") >= cut - LATELY)
        & (pl.col("amount") >= 0) & (pl.col("quantity") >= 0)
        & (pl.lit(True) if nameless is None else pl.col("sku") != nameless)
    ).select("member", "sku", "store")  # fmt: skip


def judge(shopping: Shopping, cut: int, horizon: int) -> dict[str, Any] | None:
    """NDCG@10 for members whose first purchase was in the horizon from `cut`: what everybody buys,
    and what is bought in the store they first came to. None where nobody is new."""
    came = (pl.col("first") >= cut) & (pl.col("first") < cut + horizon)
    firsts = (
        shopping.lines.filter(pl.col("amount") > 0)
        .group_by("member")
        .agg(pl.min("day").alias("first"), pl.col("store").sort_by("day", "hour").first())
        .filter(came)
        .sort("member")
    )
    if firsts.is_empty():
        return None
    bought = purchases(shopping, cut, horizon).join(firsts, on="member", how="semi")
    truth = {who: set(skus) for who, skus in bought.group_by("member").agg("sku").iter_rows()}
    known = lately(shopping, cut).with_columns(pl.lit("all").alias("everybody"))
    most = popular(known, "everybody", 1)["sku"].to_list()
    stores = {
        store: skus
        for store, skus in popular(known, "store", 3)
        .group_by("store", maintain_order=True)
        .agg("sku")
        .iter_rows()
    }
    by_store = {
        who: list(dict.fromkeys([*stores.get(store, []), *most]))[:TOP]
        for who, store in firsts.select("member", "store").iter_rows()
    }
    return {
        "members": int(np.count_nonzero([bool(skus) for skus in truth.values()])),
        "ndcg10_popular": metrics.ndcg(dict.fromkeys(truth, most[:TOP]), truth),
        "ndcg10_store": metrics.ndcg(by_store, truth),
    }
