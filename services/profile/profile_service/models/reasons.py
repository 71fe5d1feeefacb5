"""Why a member may stay away, in words: what the trees' columns add up to, by kind."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from profile_service.models.learning import Known, Learner

TOP = 3


@dataclass(frozen=True, slots=True)
class Reason:
    """One of a member's reasons. `weight`: what it adds to the log odds of staying away."""

    code: str
    weight: float
    zh: str
    en: str


# kind: columns begin so; words where it speaks for leaving, and where for staying
_KINDS: tuple[tuple[str, tuple[str, ...], tuple[str, str], tuple[str, str]], ...] = (
    ("away", ("recency", "silent"),
     ("已有 {recency} 天没有购买，长于其平时间隔",
      "{recency} days without a purchase, long for this member"),
     ("{recency} 天前刚来过", "was here {recency} days ago")),
    ("rhythm", ("gap", "expected_visits"),
     ("购买间隔长（平均 {gap} 天）", "buys at long intervals ({gap} days on average)"),
     ("购买间隔短（平均 {gap} 天）", "buys at short intervals ({gap} days on average)")),
    ("visits", ("visits", "orders", "days_bought"),
     ("近期到店次数少", "few visits lately"),
     ("近期到店次数多", "many visits lately")),
    ("spend", ("spend", "basket", "largest", "baseline", "expected_spend"),
     ("近期消费低", "low spend lately"),
     ("近期消费高", "high spend lately")),
    ("items", ("items",),
     ("近期购买件数少", "few items lately"),
     ("近期购买件数多", "many items lately")),
    ("tenure", ("tenure", "span"),
     ("入会购买时间短", "a customer for a short time"),
     ("老顾客", "a customer for a long time")),
    ("habits", ("stores", "weekend", "evening", "hour", "returned"),
     ("购物习惯与流失者相似", "shops like those who left"),
     ("购物习惯与忠诚者相似", "shops like those who stay")),
)  # fmt: skip


def kind_of(column: str) -> str:
    """Which kind of reason a column of the trees is."""
    lengths = {
        code: max((len(start) for start in starts if column.startswith(start)), default=0)
        for code, starts, _, _ in _KINDS
    }
    return max(lengths, key=lambda code: lengths[code])


def explain(learner: Learner, known: Known) -> list[Reason]:
    """The `TOP` weightiest reasons of each member, `TOP` a member, in the order of members."""
    added = learner.contributions(known)
    if added is None:
        return []
    codes = [kind_of(name) for name in learner.trees.names]
    kinds = [code for code, *_ in _KINDS]
    gathered = np.zeros((len(added), len(kinds)))
    for place, code in enumerate(codes):
        gathered[:, kinds.index(code)] += added[:, place]
    top = np.argsort(-np.abs(gathered), axis=1, kind="stable")[:, :TOP]
    facts = known.features.select(
        pl.col("recency").cast(pl.Int64), pl.col("gap_mean").fill_null(pl.col("tenure"))
    )
    return [
        _reason(_KINDS[kind], float(gathered[row, kind]), recency, round(gap))
        for row, (recency, gap) in enumerate(facts.iter_rows())
        for kind in top[row]
    ]


def _reason(
    kind: tuple[str, tuple[str, ...], tuple[str, str], tuple[str, str]], weight: float,
    recency: int, gap: int,
) -> Reason:  # fmt: skip
    code, _, leaving, staying = kind
    zh, en = leaving if weight > 0 else staying
    return Reason(
        code, round(weight, 4), zh.format(recency=recency, gap=gap),
        en.format(recency=recency, gap=gap),
    )  # fmt: skip
