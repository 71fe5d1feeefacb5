"""What was brought beyond what would have happened anyway, or why that cannot be told.

Intention to treat: members count for the arm that chance gave them, whatever came of the message.
The measuring itself is that of experiments in files (`experiments.evaluating`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import polars as pl

from campaign_service.experiments import uplift
from campaign_service.experiments.evaluating import evaluate
from campaign_service.experiments.reading import shape

FEWEST: Final = 30  # members of an arm; below it the interval says nothing worth reading
METRICS: Final = ("returned", "revenue")
COURSE: Final = "revenue"  # by which it may be stopped
Report = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Plan:
    """How an experiment was drawn. `shares`: by arm, the control among them; empty: not by chance.

    `looks`: how often its course is looked at until the end, of which the share `elapsed` is there;
    None: it is not, or its end is not known, so that no early look can be judged.
    """

    control: str
    shares: Mapping[str, float]
    looks: int | None = None
    elapsed: float = 1.0


@dataclass(frozen=True, slots=True)
class Comparison:
    """Members by arm, and what their differences mean. `causal`: chance alone drew them.

    `reason` says why not: `no_control`, `too_few`, `sample_ratio`, `balance`. `returned`,
    `revenue`: reports of experiments, of "bought again" and of fen paid; None where nothing can be
    compared.
    """

    members: Mapping[str, int]
    control: str
    causal: bool
    reason: str | None = None
    returned: Report | None = None
    revenue: Report | None = None


def compare(rows: pl.DataFrame, plan: Plan) -> Comparison:
    """`rows`: a row a member with `unit`, `variant`, `returned`, `revenue`, `pre`, `at`."""
    found = dict(rows["variant"].value_counts().iter_rows()) if rows.height else {}
    members = {arm: found.get(arm, 0) for arm in {plan.control: 0, **plan.shares}}
    if plan.control not in plan.shares or plan.shares[plan.control] <= 0 or len(plan.shares) < 2:
        return Comparison(members | found, plan.control, False, "no_control")
    if min(members.values()) < FEWEST:
        return Comparison(members, plan.control, False, "too_few")
    drawn = rows.filter(pl.col("variant").is_in(list(plan.shares)))
    reports = {metric: _report(drawn, metric, plan) for metric in METRICS}
    fitting = reports["revenue"]["sample_ratio"]["ok"]
    alike = reports["revenue"]["balance"] is None or reports["revenue"]["balance"]["ok"]
    reason = None if fitting and alike else "balance" if fitting else "sample_ratio"
    return Comparison(members, plan.control, reason is None, reason, **reports)


def _report(rows: pl.DataFrame, metric: str, plan: Plan) -> Report:
    columns = ("unit", "variant", pl.col(metric).cast(pl.Float64).alias("outcome"), "pre", "at")
    return evaluate(
        shape(rows.select(*columns), plan.control),
        randomised=True,
        times=plan.looks if metric == COURSE else None,
        planned=rows.height / plan.elapsed,
        shares=dict(plan.shares),
        targeting=False,
    )


def target(rows: pl.DataFrame, plan: Plan, variant: str) -> tuple[str | None, Report | None]:
    """Models of who is worth contacting, judged: (why not, what was found).

    `rows`: a row a member with `unit`, `variant`, `outcome`, `pre`, and what else was known before.
    Reasons are those of comparisons, and `too_few`, too, where models need more than intervals do.
    """
    if plan.shares.get(plan.control, 0) <= 0:
        return "no_control", None
    found = dict(rows["variant"].value_counts().iter_rows()) if rows.height else {}
    if min(found.get(plan.control, 0), found.get(variant, 0)) < uplift.FEWEST:
        return "too_few", None
    experiment = shape(rows, plan.control)
    told = evaluate(
        experiment, randomised=True, shares=dict(plan.shares), targeting=False
    )  # fmt: skip
    if not told["causal"]:
        return "balance" if told["sample_ratio"]["ok"] else "sample_ratio", None
    judged = uplift.judge(experiment, variant)
    return ("no_features", None) if judged is None else (None, judged)


def best(report: Report | None, variant: str) -> Report | None:
    """The difference to go by: with what was before taken into account, where it is known."""
    row = _effect(report, variant)
    if row is None:
        return None
    found: Report = row["cuped"] if row["by"] == "cuped" and row["cuped"] else row
    return found


def course(report: Report | None, variant: str) -> Report | None:
    """The looks at a variant and their verdict."""
    rows = (report or {}).get("sequential", [])
    return next((row for row in rows if row["variant"] == variant), None)


def _effect(report: Report | None, variant: str) -> Report | None:
    rows = (report or {}).get("effects", [])
    return next((row for row in rows if row["variant"] == variant), None)
