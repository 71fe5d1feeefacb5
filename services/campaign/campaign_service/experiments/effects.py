"""The effect of variants against the control, and whether the groups can be compared at all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import polars as pl

from campaign_service.experiments.reading import Experiment

LEVEL: Final = 0.95
ALARM: Final = 0.001  # a check that looks at every experiment must not cry wolf
ROUND_SHARE: Final = 0.05
DESIGNED: Final = 0.08  # farther from equal shares than chance or a small fault would bring it
FITS: Final = 0.01


def sample_ratio(experiment: Experiment, shares: dict[str, float] | None = None) -> dict[str, Any]:
    """Whether the groups have the sizes that were drawn (chi-square, alarm below p = .001).

    `shares`: the design, any positive numbers by variant; without it equal shares, or round ones
    (steps of 5 %) where the groups are far from equal and fit them.
    """
    from scipy import stats  # noqa: PLC0415

    names = [experiment.control, *experiment.treatments]
    units = np.array([experiment.of(name).height for name in names], dtype=float)
    if shares:
        wanted, assumed = np.array([shares[name] for name in names], dtype=float), "stated"
    else:
        wanted, assumed = _designed(units)
    wanted = wanted / wanted.sum()
    p = float(stats.chisquare(units, wanted * units.sum()).pvalue)
    return {
        "units": dict(zip(names, units.astype(int).tolist(), strict=True)),
        "expected": dict(zip(names, np.round(wanted * units.sum(), 1).tolist(), strict=True)),
        "shares": assumed,
        "p_value": p,
        "ok": p >= ALARM,
    }


def _designed(units: np.ndarray) -> tuple[np.ndarray, str]:
    from scipy import stats  # noqa: PLC0415

    equal = np.full(len(units), 1 / len(units))
    found = units / units.sum()
    rounded = np.round(found / ROUND_SHARE) * ROUND_SHARE
    far = np.abs(found - equal).max() > DESIGNED
    possible = far and rounded.min() > 0 and abs(rounded.sum() - 1) < 1e-9
    if possible and stats.chisquare(units, rounded * units.sum()).pvalue > FITS:
        return rounded, "taken as round"
    return equal, "taken as equal"


def balance(experiment: Experiment) -> dict[str, Any] | None:
    """Whether the groups were alike before: each known column against the variant, the worst p.

    Bonferroni over the columns, alarm below .001; None where nothing is known of before.
    """
    known = ["pre"] if experiment.has_pre else []
    columns = known + list(experiment.features)
    names = [experiment.control, *experiment.treatments]
    found: dict[str, float] = {}
    for column in columns:
        p = _differs(experiment.table, column, names)
        if p is not None:
            found[column] = p
    if not found:
        return None
    worst = min(found, key=found.__getitem__)
    p = min(1.0, found[worst] * len(found))
    return {"columns": len(found), "worst": worst, "p_value": p, "ok": p >= ALARM}


def _differs(table: pl.DataFrame, column: str, names: list[str]) -> float | None:
    from scipy import stats  # noqa: PLC0415

    values = table.select("variant", column).drop_nulls()
    if values[column].n_unique() < 2 or values["variant"].n_unique() < len(names):
        return None
    if values[column].dtype.is_numeric() or values[column].dtype == pl.Boolean:
        groups = [
            values.filter(pl.col("variant") == name)[column].cast(pl.Float64).to_numpy()
            for name in names
        ]
        return (
            float(stats.f_oneway(*groups, equal_var=False).pvalue)
            if all(len(group) > 1 and group.std() > 0 for group in groups)
            else None
        )
    if values[column].n_unique() > 50:
        return None
    counts = values.to_dummies("variant").group_by(column).sum().drop(column).to_numpy()
    common = counts[counts.sum(axis=1) >= 5 * len(names)]
    return float(stats.chi2_contingency(common).pvalue) if len(common) > 1 else None


@dataclass(frozen=True)
class Difference:
    """Mean of a variant minus mean of the control; `error` is its standard error."""

    estimate: float
    error: float
    low: float
    high: float
    p_value: float
    relative: float | None
    relative_low: float | None
    relative_high: float | None

    def told(self) -> dict[str, Any]:
        """As the report has it."""
        return {
            "estimate": self.estimate,
            "interval": [self.low, self.high],
            "standard_error": self.error,
            "p_value": self.p_value,
            "relative": self.relative,
            "relative_interval": None
            if self.relative_low is None
            else [self.relative_low, self.relative_high],
        }


def difference(table: pl.DataFrame, control: str, variant: str, pre: str | None) -> Difference:
    """Welch's test of two variants, by CUPED where `pre` names a column (tea-tasting)."""
    import tea_tasting as tt  # noqa: PLC0415

    two = table.filter(pl.col("variant").is_in([control, variant]))
    if pre is not None:
        two = two.with_columns(pl.col(pre).fill_null(pl.col(pre).mean()))
    metric = tt.Mean("outcome", covariate=pre, confidence_level=LEVEL)
    if two["outcome"].n_unique() == 1:
        return Difference(0.0, 0.0, 0.0, 0.0, 1.0, 0.0, None, None)
    columns = ["variant", "outcome", *([pre] if pre else [])]
    one = tt.Experiment(outcome=metric).analyze(two.select(columns), control=control)["outcome"]
    estimate = float(one.effect_size)
    error = abs(estimate / one.statistic) if one.statistic else 0.0
    relative = _finite(one.rel_effect_size)
    bounds = (_finite(one.rel_effect_size_ci_lower), _finite(one.rel_effect_size_ci_upper))
    low, high = float(one.effect_size_ci_lower), float(one.effect_size_ci_upper)
    return Difference(estimate, error, low, high, float(one.pvalue), relative, *bounds)


def _finite(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def holm(p_values: dict[str, float]) -> dict[str, float]:
    """p values of several variants against one control, so that all together are wrong 5 %."""
    adjusted: dict[str, float] = {}
    highest = 0.0
    for place, name in enumerate(sorted(p_values, key=p_values.__getitem__)):
        highest = max(highest, min(1.0, p_values[name] * (len(p_values) - place)))
        adjusted[name] = highest
    return adjusted
