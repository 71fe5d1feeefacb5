"""What is bought together: pairs of goods, and of their categories, with support and lift.

Agrawal & Srikant (1994), for pairs: goods rarer than the least support cannot be in a pair that has
it, so they are left out before pairs are counted. Ways to rank what goes with a good are judged by
later baskets against "what is bought most"; the best one makes the lists.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import duckdb
import numpy as np
import polars as pl

from profile_service.models.champion import RULES, checked
from profile_service.models.champion import chosen as chosen_of
from profile_service.models.clv import describe
from profile_service.models.learning import Plan
from profile_service.models.shopping import Progress, Shopping, Unusable, day_of

LEAST_SUPPORT = 0.0005  # of all baskets
LEAST_BASKETS, LEAST_MEMBERS = 5, 10  # nobody's own habit is told
MOST_THINGS, MOST_BASKETS = 2_000, 500_000  # beyond: the most frequent ones, one basket in n
TOP, JUDGED = 10, 20_000
KEPT = 20  # goods that go with one
LEVELS = ("sku", "category", "department")
# What a pair is worth: of baskets with the one, how many have the other (confidence); how much more
# often than by chance (lift); or in between (cosine).
SCORES = {
    "confidence": "shared / ones", "cosine": "shared / sqrt(ones * others)",
    "lift": "shared * baskets / (ones * others)",
}  # fmt: skip
_PAIRS = """
WITH item AS (SELECT DISTINCT basket, member, thing FROM sold WHERE thing IS NOT NULL),
total AS (SELECT count(DISTINCT basket) AS baskets FROM item),
often AS (
    SELECT thing, count(*) AS n FROM item GROUP BY thing
    HAVING n >= greatest({least}, {support} * (SELECT baskets FROM total))
    ORDER BY n DESC, thing LIMIT {most}
), frequent AS (SELECT item.* FROM item JOIN often USING (thing)),
habit AS (
    SELECT one.thing AS one, other.thing AS other, one.member, count(*) AS n
    FROM frequent AS one JOIN frequent AS other ON one.basket = other.basket
        AND one.thing < other.thing
    GROUP BY one.thing, other.thing, one.member
), pair AS (
    SELECT one, other, sum(n) AS shared, count(*) AS members FROM habit GROUP BY one, other
    HAVING shared >= greatest({least}, {support} * (SELECT baskets FROM total))
), ways AS (
    SELECT * FROM pair UNION ALL SELECT other, one, shared, members FROM pair
)
SELECT ways.one, ways.other, shared::DOUBLE AS shared, members, a.n::DOUBLE AS ones,
    b.n::DOUBLE AS others, baskets::DOUBLE AS baskets
FROM ways JOIN often AS a ON a.thing = ways.one JOIN often AS b ON b.thing = ways.other, total
ORDER BY ways.one, ways.other
"""


@dataclass(frozen=True)
class Found:
    """The report, and by level the pairs: one, other (names), baskets, members, support,
    confidence, lift, place (of the other among those that go with the one)."""

    report: dict[str, Any]
    pairs: pl.DataFrame


def _sold(shopping: Shopping, level: str, first: int, last: int) -> pl.DataFrame | None:
    """basket, member, thing (codes) of the days from `first` to `last`, without returns."""
    nameless = shopping.skus.index_of("")
    lines = shopping.lines.filter(
        (pl.col("day") >= first) & (pl.col("day") < last)
        & (pl.col("amount") >= 0) & (pl.col("quantity") >= 0)
        & (pl.lit(True) if nameless is None else pl.col("sku") != nameless)
    )  # fmt: skip
    if level == "sku":
        return lines.select(
            pl.col("order_no").alias("basket"), "member", pl.col("sku").alias("thing")
        )
    if level not in shopping.products.columns:
        return None
    named = shopping.products.select("sku", pl.col(level).alias("thing"))
    return lines.join(named, on="sku").select(pl.col("order_no").alias("basket"), "member", "thing")


def pairs(sold: pl.DataFrame, least_members: int = LEAST_MEMBERS) -> pl.DataFrame:
    """Frequent pairs, each both ways: one, other, shared, members, ones, others, baskets."""
    every = -(-sold["basket"].n_unique() // MOST_BASKETS) or 1
    with duckdb.connect(config={"threads": 2}) as database:
        database.register("sold", sold.filter(pl.col("basket") % every == 0).to_arrow())
        query = _PAIRS.format(least=LEAST_BASKETS, support=LEAST_SUPPORT, most=MOST_THINGS)
        found = pl.from_arrow(database.sql(query).to_arrow_table())
    assert isinstance(found, pl.DataFrame)
    return found.filter(pl.col("members") >= least_members)


def ranked(found: pl.DataFrame, score: str) -> pl.DataFrame:
    """The `KEPT` best others of each, of those met more often than by chance, with `place`."""
    return (
        found.with_columns(pl.sql_expr(SCORES[score]).alias("score"))
        .filter(pl.col("shared") * pl.col("baskets") > pl.col("ones") * pl.col("others"))
        .sort(["one", "score", "other"], descending=[False, True, False])
        .with_columns(pl.int_range(1, pl.len() + 1).over("one").alias("place"))
        .filter(pl.col("place") <= KEPT)
    )


def train(shopping: Shopping, horizon: int, progress: Progress) -> Found:
    """Pairs of everything before `as_of`. Raises Unusable where no two goods are met often."""
    progress("judging on later baskets")
    cut = shopping.as_of - horizon
    report: dict[str, Any] = {
        "model": "baskets", "engine": "pairs by DuckDB",
        **describe(shopping, Plan(horizon, (), None, ())), "held_out": None,
    }  # fmt: skip
    champion, figures, judged = "confidence", dict[str, dict[str, float]](), 0
    if cut > shopping.first_day:
        figures, judged = _judge(shopping, cut)
    if figures:
        champion = chosen_of(RULES["baskets"], figures, list(SCORES))
        report["check"] = checked(RULES["baskets"], figures, list(SCORES))
        report["held_out"] = {
            "cut": day_of(cut).isoformat(), "how": "later baskets", "members": judged,
        }  # fmt: skip
    progress("counting pairs")
    score = champion if champion in SCORES else "confidence"
    made = []
    for level in LEVELS:
        sold = _sold(shopping, level, shopping.first_day, shopping.as_of)
        if sold is not None:
            made.append(_named(shopping, level, ranked(pairs(sold), score)))
    table = pl.concat(made)
    if table.is_empty():
        raise Unusable(
            f"no two goods were bought together by {LEAST_MEMBERS} members, in {LEAST_BASKETS}"
            f" baskets and {LEAST_SUPPORT:.2%} of all"
        )
    report |= {"champion": champion, "metrics": figures, "pairs": table.height}
    return Found(report, table)


def _named(shopping: Shopping, level: str, found: pl.DataFrame) -> pl.DataFrame:
    if level == "sku":
        found = found.with_columns(
            shopping.skus[found["one"].to_numpy()].alias("one"),
            shopping.skus[found["other"].to_numpy()].alias("other"),
        )
    shared = pl.col("shared")
    return found.select(
        pl.lit(level).alias("level"), "one", "other", shared.cast(pl.Int64).alias("baskets"),
        pl.col("members").cast(pl.Int64), (shared / pl.col("baskets")).alias("support"),
        (shared / pl.col("ones")).alias("confidence"),
        (shared * pl.col("baskets") / (pl.col("ones") * pl.col("others"))).alias("lift"),
        pl.col("place").cast(pl.Int32),
    )  # fmt: skip


def _judge(shopping: Shopping, cut: int) -> tuple[dict[str, dict[str, float]], int]:
    """hit10 by way: shown one good of a later basket, how often one of ten that go with it is in
    the basket, too; and how many baskets that was asked of."""
    before = _sold(shopping, "sku", shopping.first_day, cut)
    later = _sold(shopping, "sku", cut, shopping.as_of)
    assert before is not None and later is not None
    later = later.unique().sort("basket", "thing")
    later = later.filter(pl.len().over("basket") > 1)
    if before.is_empty() or later.is_empty():
        return {}, 0
    shown = later.group_by("basket", maintain_order=True).agg(pl.first("thing").alias("one"))
    every = -(-shown.height // JUDGED)
    shown = shown.gather_every(every)
    rest = later.join(shown, on="basket").filter(pl.col("thing") != pl.col("one"))
    popular = (
        before.unique().group_by("thing").len().sort(["len", "thing"], descending=[True, False])
    )["thing"].head(TOP)
    found = pairs(before)
    by_chance = rest.filter(pl.col("thing").is_in(popular.implode()))
    figures = {RULES["baskets"].baseline: {"hit10": _hits(by_chance, shown)}}
    for name in SCORES:
        best = ranked(found, name).filter(pl.col("place") <= TOP).select("one", "other")
        lists = _filled(best, popular, shown)
        hit = rest.join(lists, left_on=["one", "thing"], right_on=["one", "other"], how="semi")
        figures[name] = {"hit10": _hits(hit, shown)}
    return figures, shown.height


def _filled(best: pl.DataFrame, popular: pl.Series, shown: pl.DataFrame) -> pl.DataFrame:
    """Ten goods for each: where fewer go with it, the most bought fill up."""
    ones = shown.select("one").unique()
    counts = best.group_by("one").len()
    filler = (
        ones.join(pl.DataFrame({"other": popular, "at": np.arange(len(popular))}), how="cross")
        .join(counts, on="one", how="left")
        .filter(pl.col("at") < TOP - pl.col("len").fill_null(0))
    )
    return pl.concat([best, filler.select("one", "other")]).unique()


def _hits(hit: pl.DataFrame, shown: pl.DataFrame) -> float:
    return hit["basket"].n_unique() / shown.height
