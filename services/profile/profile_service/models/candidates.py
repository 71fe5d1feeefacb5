"""Goods that a member might buy next, and what is known of each."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from profile_service.models.baskets import Baskets, Related
from profile_service.models.shopping import Shopping

OWN, RELATED, POPULAR = 50, 60, 25
FEATURES = (
    "is_new", "times", "age", "span", "half", "due", "ease", "buyers", "repeat", "recent", "trend",
    "price", "price_ratio", "member_goods", "member_times", "own_share",
)  # fmt: skip


def candidates(
    shopping: Shopping, held: Baskets, related: Related, members: NDArray[np.uint32]
) -> pl.DataFrame:
    """One row a member and good, ordered by both: member, sku, `FEATURES`, then one column
    `taste_<attribute>` an attribute of products: the share of the member's shopping (each time
    halved every 28 days) that goods of the same value had."""
    pairs = held.pairs.filter(pl.col("member").is_in(pl.Series(members).implode()))
    own = (
        pairs.with_columns(
            pl.col("half").rank("ordinal", descending=True).over("member").alias("place")
        )
        .filter(pl.col("place") <= OWN)
        .select("member", "sku")
    )
    scores = _related(pairs, related, members)
    popular = held.items.sort(["recent", "buyers", "sku"], descending=[True, True, False])
    everybody = pl.DataFrame({"member": members}, schema={"member": pl.UInt32})
    wanted = pl.concat([
        own,
        scores.filter(pl.col("chosen")).select("member", "sku"),
        everybody.join(popular.head(POPULAR).select("sku"), how="cross"),
    ]).unique().sort("member", "sku")  # fmt: skip
    table = (
        wanted.join(pairs, on=["member", "sku"], how="left", maintain_order="left")
        .join(scores.drop("chosen"), on=["member", "sku"], how="left", maintain_order="left")
        .join(held.items, on="sku", how="left", maintain_order="left")
        .join(_shopper(pairs, held), on="member", how="left", maintain_order="left")
    )
    return _features(table, shopping, pairs)


def _related(pairs: pl.DataFrame, related: Related, members: NDArray[np.uint32]) -> pl.DataFrame:
    """EASE scores: the best `RELATED` goods not owned yet (`chosen`), and all owned ones."""
    owned = related.owned(pairs, members)
    scores = related.scores(owned)
    rows, columns = owned.nonzero()
    fresh = scores.copy()
    fresh[rows, columns] = -np.inf
    count = min(RELATED, fresh.shape[1])
    best = np.argpartition(-fresh, count - 1, axis=1)[:, :count]
    who = np.repeat(np.arange(len(members)), count)
    good = best.ravel()
    usable = np.isfinite(fresh[who, good])
    who, good = who[usable], good[usable]
    return pl.DataFrame({
        "member": np.concatenate([members[who], members[rows]]),
        "sku": np.concatenate([related.skus[good], related.skus[columns]]),
        "ease": np.round(np.concatenate([scores[who, good], scores[rows, columns]]), 9),
        "chosen": np.concatenate([np.ones(len(who), bool), np.zeros(len(rows), bool)]),
    })  # fmt: skip


def _shopper(pairs: pl.DataFrame, held: Baskets) -> pl.DataFrame:
    priced = pairs.join(held.items.select("sku", "price"), on="sku", how="left")
    return priced.group_by("member").agg(
        pl.len().cast(pl.Float64).alias("member_goods"),
        pl.sum("times").alias("member_times"),
        pl.sum("half").round(6).alias("member_half"),
        pl.median("price").alias("member_price"),
    )


def _features(table: pl.DataFrame, shopping: Shopping, pairs: pl.DataFrame) -> pl.DataFrame:
    gap = pl.col("span") / (pl.col("times") - 1)
    made = table.with_columns(
        pl.col("times").is_null().cast(pl.Float64).alias("is_new"),
        pl.col("times", "half", "span").fill_null(0.0),
        pl.col("age").fill_null(9999.0),
        pl.col("ease").fill_null(0.0),
        (pl.col("age") / gap).fill_nan(None).alias("due"),
        (pl.col("recent") / (pl.col("month_before") + 1)).alias("trend"),
        (pl.col("price") / pl.max_horizontal("member_price", 0.01)).alias("price_ratio"),
        (pl.col("half") / pl.max_horizontal("member_half", 1e-9)).fill_null(0.0).alias("own_share"),
    )
    names = [name for name in shopping.products.columns if name != "sku"]
    for name in names:
        values = shopping.products.select("sku", pl.col(name).alias("value")).drop_nulls()
        liked = pairs.join(values, on="sku").group_by("member", "value").agg(
            pl.sum("half").round(6).alias("liked")
        )  # fmt: skip
        made = (
            made.join(values, on="sku", how="left", maintain_order="left")
            .join(liked, on=["member", "value"], how="left", maintain_order="left")
            .with_columns(
                ((pl.col("liked").fill_null(0.0) - pl.col("half")).clip(0, None)
                 / pl.max_horizontal("member_half", 1e-9)).fill_null(0.0).alias(f"taste_{name}")
            )
            .drop("value", "liked")
        )  # fmt: skip
    return made.select(
        "member", "sku", *FEATURES, *(f"taste_{name}" for name in names)
    )  # fmt: skip


def labelled(table: pl.DataFrame, shopping: Shopping, cut: int, horizon: int) -> NDArray[np.int32]:
    """1 for each candidate that was bought in the `horizon` days from `cut`."""
    bought = purchases(shopping, cut, horizon).with_columns(pl.lit(1).alias("hit"))
    joined = table.select("member", "sku").join(
        bought, on=["member", "sku"], how="left", maintain_order="left"
    )
    return joined["hit"].fill_null(0).cast(pl.Int32).to_numpy()


def purchases(shopping: Shopping, cut: int, horizon: int) -> pl.DataFrame:
    """Which members bought which goods in the `horizon` days from `cut`."""
    return (
        shopping.lines.filter(
            (pl.col("day") >= cut) & (pl.col("day") < cut + horizon)
            & (pl.col("amount") >= 0) & (pl.col("quantity") >= 0)
        )
        .select("member", "sku")
        .unique()
        .sort("member", "sku")
    )  # fmt: skip
