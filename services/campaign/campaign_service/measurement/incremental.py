"""What a campaign brought beyond what would have happened anyway, or why that cannot be told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import tea_tasting as tt
from scipy import stats
from tea_tasting.aggr import Aggregates

from campaign_service.experiments.effects import ALARM, LEVEL

FEWEST: Final = 30  # members of a side; below it the interval says nothing worth reading


@dataclass(frozen=True, slots=True)
class Side:
    """One side's members, each once, by their first measured contact: sums over them.

    `revenue`, `revenue_squares`: of fen, in whole numbers.
    """

    members: int = 0
    returned: int = 0
    revenue: int = 0
    revenue_squares: int = 0

    def of(self, metric: str) -> Aggregates:
        """Count, mean and variance of a metric, as tea-tasting takes them."""
        total, squares = (
            (self.returned, self.returned)
            if metric == "returned"
            else (self.revenue, self.revenue_squares)
        )
        mean = total / self.members
        variance = (squares - total * mean) / (self.members - 1)
        return Aggregates(
            count_=self.members, mean_={metric: mean}, var_={metric: max(variance, 0.0)}
        )


@dataclass(frozen=True, slots=True)
class Gap:
    """Treated minus control, a member; a 95 % interval (Welch)."""

    estimate: float
    low: float
    high: float
    p_value: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """Both sides, and what their gap means. `causal`: chance alone drew them.

    `reason` says why not: `no_control`, `sample_ratio`, `too_few`.
    """

    treated: Side
    control: Side
    causal: bool
    reason: str | None = None
    sample_ratio_p: float | None = None
    return_rate: Gap | None = None
    revenue_fen: Gap | None = None

    @property
    def extra_revenue_fen(self) -> tuple[int, int, int] | None:
        """What all treated members paid more: (estimate, low, high)."""
        if not self.causal or self.revenue_fen is None:
            return None
        gap = self.revenue_fen
        low, middle, high = (
            round(each * self.treated.members) for each in (gap.low, gap.estimate, gap.high)
        )
        return middle, low, high


def compare(sides: Mapping[str, Side], control_share: float) -> Comparison:
    """The sides `treated` and `control` of a campaign that held out this share by lot."""
    treated, control = sides.get("treated", Side()), sides.get("control", Side())
    if control_share <= 0:
        return Comparison(treated, control, False, "no_control")
    members = treated.members + control.members
    if min(treated.members, control.members) < FEWEST:
        return Comparison(treated, control, False, "too_few")
    p = float(stats.binomtest(control.members, members, control_share).pvalue)
    gaps = {metric: _gap(treated, control, metric) for metric in ("returned", "revenue")}
    return Comparison(
        treated,
        control,
        causal=p >= ALARM,
        reason=None if p >= ALARM else "sample_ratio",
        sample_ratio_p=p,
        return_rate=gaps["returned"],
        revenue_fen=gaps["revenue"],
    )


def _gap(treated: Side, control: Side, metric: str) -> Gap:
    sides = {"treated": treated.of(metric), "control": control.of(metric)}
    if not any(side.var_[metric] for side in sides.values()):
        same = sides["treated"].mean_[metric] - sides["control"].mean_[metric]
        return Gap(same, same, same, 1.0 if same == 0 else 0.0)
    found = tt.Experiment(value=tt.Mean(metric, confidence_level=LEVEL)).analyze(
        sides, control="control"
    )["value"]
    return Gap(
        float(found.effect_size),
        float(found.effect_size_ci_lower),
        float(found.effect_size_ci_upper),
        float(found.pvalue),
    )
