"""Who makes the predictions: the best challenger if it beats the simple baseline, else that.

All are judged on the same held-out cut and the same members, by one figure a model.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

Figures = Mapping[str, Mapping[str, float]]


@dataclass(frozen=True)
class Rule:
    """The baseline of a model, the figure that decides, and whether more of it is better."""

    baseline: str
    figure: str
    more: bool

    def better(self, one: float, other: float) -> bool:
        """Whether `one` beats `other`; equal does not."""
        return one > other if self.more else one < other


RULES = {
    "clv": Rule("baseline", "mae", more=False),
    "churn": Rule("recency", "brier", more=False),
    "recommend": Rule("half_life", "ndcg10_all", more=True),
    "recommend_new": Rule("half_life", "ndcg10_new", more=True),
    "sales": Rule("last_week", "mae_of_level", more=False),
    "baskets": Rule("popularity", "hit10", more=True),
}


def chosen(rule: Rule, figures: Figures, challengers: Collection[str]) -> str:
    """The challenger with the best figure if it is better than the baseline's, else the
    baseline."""
    best = rule.baseline
    for name in challengers:
        if rule.better(figures[name][rule.figure], figures[best][rule.figure]):
            best = name
    return best


def checked(rule: Rule, figures: Figures, challengers: Collection[str]) -> dict[str, Any]:
    """The check as a report tells it; the best challenger, promoted or not."""
    values = {name: figures[name][rule.figure] for name in (*challengers, rule.baseline)}
    order = max if rule.more else min
    best = order(challengers, key=lambda name: values[name])
    return {
        "figure": rule.figure, "more_is_better": rule.more, "baseline": rule.baseline,
        "baseline_figure": values[rule.baseline], "challenger": best,
        "challenger_figure": values[best],
        "promoted": rule.better(values[best], values[rule.baseline]),
    }  # fmt: skip
