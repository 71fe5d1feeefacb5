"""What members will buy next: half-life frequency, EASE and popularity, ranked by trees."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from profile_service.models import boosting, metrics, newcomers
from profile_service.models.baskets import Baskets, Related, baskets, relate
from profile_service.models.boosting import Effort, Trees, engine
from profile_service.models.candidates import candidates, labelled, purchases
from profile_service.models.champion import RULES, checked
from profile_service.models.champion import chosen as chosen_of
from profile_service.models.clv import describe
from profile_service.models.learning import LEAST, Plan
from profile_service.models.shopping import Progress, Shopping, day_of

Floats = NDArray[np.float64]
Codes = NDArray[np.uint32]
TOP = 10
CHUNK = 4000  # members at a time
LEARNT_FROM, JUDGED_BY = 5000, 4000  # members at most
SPARED = 4  # one in so many goods that were not bought is learnt from
EFFORT = Effort(rounds=120, rate=0.06, leaves=20)


@dataclass(frozen=True)
class World:
    """What stands at a cut."""

    held: Baskets
    related: Related
    members: Codes


@dataclass(frozen=True)
class Advice:
    """Ranked goods: member, rank (from 1), sku (codes), is_new (which of the two lists), because
    (sku owned that speaks most for it, null where nothing does)."""

    ranked: pl.DataFrame
    report: dict[str, Any]
    popular: list[int]


def world(shopping: Shopping, cut: int) -> World:
    """What was bought before `cut`, and how goods relate."""
    held = baskets(shopping, cut)
    return World(held, relate(held), held.pairs["member"].unique().sort().to_numpy())


def had(shopping: Shopping) -> set[tuple[int, int]]:
    """(member, sku) of everything that was ever bought, as codes."""
    pairs = shopping.lines.filter(pl.col("amount") >= 0).select("member", "sku").unique()
    return set(pairs.iter_rows())


def train(shopping: Shopping, horizon: int, progress: Progress, top: int = TOP) -> Advice:
    """`top` goods of all and `top` never bought, for everybody, in the `horizon` days to come."""
    chosen = _plan(shopping, horizon)
    report: dict[str, Any] = {
        "model": "recommend", "engine": engine(), **describe(shopping, chosen),
    }  # fmt: skip
    ranker, champions = None, {"all": "half_life", "new": "half_life"}
    if chosen.cuts:
        progress("learning from the past")
        last = world(shopping, chosen.cuts[0])
        judged, champions = _judge(shopping, chosen, last, progress)
        report |= judged
        report["new_members"] = newcomers.judge(shopping, chosen.cuts[0], horizon)
        if "ranker" in champions.values():
            ranker = _learn(shopping, last, chosen.cuts[0], horizon)
            report["importance"] = dict(ranker.importance()[:15])
    else:
        report |= {"held_out": None, "note": "history is too short to learn from"}
    report |= {"champion": champions["all"], "champion_new": champions["new"]}
    scorers = {kind: ranker if name == "ranker" else None for kind, name in champions.items()}
    now = world(shopping, shopping.as_of)
    made = []
    for start in range(0, len(now.members), CHUNK):
        progress(f"ranking for member {start + 1:,} of {len(now.members):,}")
        made.append(_rank(shopping, now, now.members[start : start + CHUNK], scorers, top))
    popular = _available(now.held.items, shopping.gone).sort(
        ["recent", "buyers", "sku"], descending=[True, True, False]
    )
    ranked = _with_strangers(shopping, now, pl.concat(made), popular.head(top))
    return Advice(ranked, report, popular["sku"].head(50).to_list())


def _plan(shopping: Shopping, horizon: int) -> Plan:
    """The last cut learns; the one before it makes the ranker that is judged on the last."""
    last = shopping.as_of - horizon
    cuts = (last,) if last - shopping.first_day >= LEAST else ()
    early = (last - horizon,) if last - horizon - shopping.first_day >= LEAST else ()
    return Plan(horizon, cuts, last if early else None, early)


def _sampled(members: Codes, count: int) -> Codes:
    return members[:: -(-len(members) // count) or 1]


def _learn(shopping: Shopping, at: World, cut: int, horizon: int, half: int | None = None) -> Trees:
    """Trees that tell which candidates were bought."""
    members = at.members if half is None else at.members[at.members % 2 != half]
    table = candidates(shopping, at.held, at.related, _sampled(members, LEARNT_FROM))
    happened = labelled(table, shopping, cut, horizon).astype(np.float64)
    kept = (happened > 0) | (np.arange(len(happened)) % SPARED == 0)  # the order stays the same
    names = [name for name in table.columns if name not in ("member", "sku")]
    return boosting.fit(_matrix(table)[kept], happened[kept], names, "binary", EFFORT)


def _matrix(table: pl.DataFrame) -> Floats:
    return table.drop("member", "sku").cast(pl.Float64).to_numpy()


def _judge(
    shopping: Shopping, chosen: Plan, last: World, progress: Progress
) -> tuple[dict[str, Any], dict[str, str]]:
    """NDCG@10 of all parts on the last cut, for all goods and for those new to a member; and for
    each of the two lists, whether the ranker or the baseline makes it."""
    cut, horizon = chosen.cuts[0], chosen.horizon
    members = last.members
    if chosen.test is not None:
        how = "later cut"
        ranker = _learn(shopping, world(shopping, chosen.early[0]), chosen.early[0], horizon)
    else:
        how, members = "half of the members", members[members % 2 == 1]
        ranker = _learn(shopping, last, cut, horizon, half=1)
    progress("judging on the past")
    members = _sampled(members, JUDGED_BY)
    table = candidates(shopping, last.held, last.related, members)
    scores = {
        "ranker": ranker.predict(_matrix(table)),
        "half_life": _plain(table),
        "ease": table["ease"].to_numpy(),
        "popularity": table["recent"].to_numpy(),
    }
    everything, fresh = _truth(shopping, last, cut, horizon, members)
    figures = {
        name: {
            "ndcg10_all": metrics.ndcg(_lists(_best(table, score, new=False)), everything),
            "ndcg10_new": metrics.ndcg(_lists(_best(table, score, new=True)), fresh),
        }
        for name, score in scores.items()
    }
    rules = {"all": RULES["recommend"], "new": RULES["recommend_new"]}
    champions = {kind: chosen_of(rule, figures, ["ranker"]) for kind, rule in rules.items()}
    held_out = {"cut": day_of(cut).isoformat(), "how": how, "members": len(members)}
    check = checked(RULES["recommend"], figures, ["ranker"])
    return {"held_out": held_out, "metrics": figures, "check": check}, champions


def _plain(table: pl.DataFrame) -> Floats:
    """The baseline: times, each halved every 28 days; new goods by EASE, then by buyers."""
    scale = max(float(table["recent"].max() or 0), 1.0) * 1e6  # type: ignore[arg-type]
    return (table["half"] + table["ease"].clip(0, None) * 1e-3 + table["recent"] / scale).to_numpy()


def _truth(
    shopping: Shopping, at: World, cut: int, horizon: int, members: Codes
) -> tuple[dict[int, set[int]], dict[int, set[int]]]:
    """What these members bought in the horizon: all of it, and what they never had before."""
    bought = purchases(shopping, cut, horizon).filter(
        pl.col("member").is_in(pl.Series(members).implode())
    )
    fresh = bought.join(at.held.pairs, on=["member", "sku"], how="anti")
    return _sets(bought), _sets(fresh)


def _sets(pairs: pl.DataFrame) -> dict[int, set[int]]:
    grouped = pairs.group_by("member").agg("sku")
    return {member: set(skus) for member, skus in grouped.iter_rows()}


def _lists(ranked: pl.DataFrame) -> dict[int, list[int]]:
    grouped = ranked.sort("member", "rank").group_by("member", maintain_order=True).agg("sku")
    return dict(grouped.iter_rows())


def _best(table: pl.DataFrame, score: Floats, *, new: bool, top: int = TOP) -> pl.DataFrame:
    """The best candidates of each member: member, rank, sku."""
    scored = table.select("member", "sku", "is_new").with_columns(pl.Series("score", score))
    kept = scored.filter(pl.col("is_new") == 1) if new else scored
    place = pl.int_range(1, pl.len() + 1).over("member").alias("rank")
    return (
        kept.sort(["member", "score", "sku"], descending=[False, True, False])
        .with_columns(place)
        .filter(pl.col("rank") <= top)
        .select("member", "rank", "sku")
    )


def _available(table: pl.DataFrame, gone: pl.Series) -> pl.DataFrame:
    return table.filter(~pl.col("sku").is_in(gone.implode())) if len(gone) else table


def _rank(
    shopping: Shopping, now: World, members: Codes, scorers: dict[str, Trees | None], top: int
) -> pl.DataFrame:
    """Both lists of these members; a list without trees is the baseline's."""
    table = candidates(shopping, now.held, now.related, members)
    table = _available(table, shopping.gone)
    lists = []
    for kind, ranker in scorers.items():
        new = kind == "new"
        score = _plain(table) if ranker is None else ranker.predict(_matrix(table))
        best = _best(table, score, new=new, top=top)
        lists.append(best.with_columns(pl.lit(new).alias("is_new")))
    both = pl.concat(lists).sort("member", "is_new", "rank")
    return both.with_columns(_because(now, members, both))


def _because(now: World, members: Codes, ranked: pl.DataFrame) -> pl.Series:
    """Of what a member owns, the good that speaks most for each recommendation."""
    owned = now.related.owned(now.held.pairs, members)
    rows = np.searchsorted(members, ranked["member"].to_numpy())
    columns = np.searchsorted(now.related.skus, ranked["sku"].to_numpy())
    found: list[int | None] = []
    for row, column, sku in zip(rows, columns, ranked["sku"], strict=True):
        mine = owned.indices[owned.indptr[row] : owned.indptr[row + 1]]
        if column >= len(now.related.skus) or now.related.skus[column] != sku or not len(mine):
            found.append(None)
            continue
        weight = owned.data[owned.indptr[row] : owned.indptr[row + 1]]
        speaks = weight * now.related.weights[mine, column]
        best = int(np.argmax(speaks))
        found.append(int(now.related.skus[mine[best]]) if speaks[best] > 0 else None)
    return pl.Series("because", found, dtype=pl.UInt32)


def _with_strangers(
    shopping: Shopping, now: World, ranked: pl.DataFrame, popular: pl.DataFrame
) -> pl.DataFrame:
    """Members of whom no purchase counts (returns only) get what is bought most."""
    strangers = np.setdiff1d(np.arange(len(shopping.members), dtype=np.uint32), now.members)
    rows = popular.select("sku", pl.int_range(1, pl.len() + 1).alias("rank"))
    extra = (
        pl.DataFrame({"member": strangers}, schema={"member": pl.UInt32})
        .join(rows, how="cross")
        .join(pl.DataFrame({"is_new": [False, True]}), how="cross")
        .with_columns(pl.lit(None, pl.UInt32).alias("because"))
    )
    return pl.concat([ranked, extra.select(ranked.columns)], how="vertical_relaxed").sort(
        "member", "is_new", "rank"
    )
