"""One experiment's report: what is so, how sure, and in words; or the refusal."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import polars as pl

from campaign_service.experiments import uplift, wording
from campaign_service.experiments.effects import (
    LEVEL,
    Difference,
    balance,
    difference,
    holm,
    sample_ratio,
)
from campaign_service.experiments.reading import Experiment, Unusable
from campaign_service.experiments.sequential import ALPHA, last_look, looks

Progress = Callable[[str], None]
MOST_JUDGED: Final = 4  # variants whose targeting is judged


def evaluate(
    experiment: Experiment,
    *,
    randomised: bool,
    times: int | None = None,
    planned: float | None = None,
    shares: dict[str, float] | None = None,
    targeting: bool = True,
    progress: Progress = lambda _: None,
) -> dict[str, Any]:
    """The report of an experiment, as JSON has it.

    `randomised`: whether chance alone decided who got what; if not, the groups' difference is
    told and nothing is concluded from it. `times`: at how many points of its course the
    experiment was looked at, which ends with `planned` units; None: those there are. Without `at`
    only the last look is known.
    `shares`: the sizes by design. `targeting`: judge models of who is worth contacting as well.
    Raises `Unusable`.
    """
    if shares is not None and set(shares) != {experiment.control, *experiment.treatments}:
        raise Unusable("the shares have to name every variant")
    made: dict[str, Any] = {
        "rows": experiment.rows,
        "units": experiment.table.height,
        "left_out": experiment.left_out,
        "control": experiment.control,
        "variants": _variants(experiment),
        "confidence": LEVEL,
    }
    progress("comparing the groups")
    found = {
        name: difference(experiment.table, experiment.control, name, None)
        for name in experiment.treatments
    }
    if not randomised:
        return made | _refused(found)
    made |= {
        "randomised": True,
        "sample_ratio": sample_ratio(experiment, shares),
        "balance": balance(experiment),
    }
    causal = made["sample_ratio"]["ok"] and (made["balance"] is None or made["balance"]["ok"])
    made["causal"] = causal
    made["effects"] = _effects(experiment, found)
    if times:
        progress(f"bounds for {times} looks")
        made["sequential"] = _sequential(experiment, times, planned)
    if not targeting:
        return made | {"words": wording.of(made)}
    progress("models of who is worth contacting")
    made["uplift"] = [
        judged
        for name in experiment.treatments[:MOST_JUDGED]
        if (judged := uplift.judge(experiment, name)) is not None
    ]
    return made | {"words": wording.of(made)}


def _variants(experiment: Experiment) -> list[dict[str, Any]]:
    columns = [pl.len().alias("units"), pl.col("outcome").mean().alias("mean")]
    columns += [pl.col("outcome").std().alias("deviation")]
    columns += [pl.col("pre").mean().alias("mean_before")] if experiment.has_pre else []
    rows = experiment.table.group_by("variant").agg(*columns).sort("variant").to_dicts()
    return [row | {"control": row["variant"] == experiment.control} for row in rows]


def _refused(found: dict[str, Difference]) -> dict[str, Any]:
    """The differences of groups that chance did not make; without any causal word."""
    made: dict[str, Any] = {
        "randomised": False,
        "causal": False,
        "verdict": "not causal",
        "differences": [{"variant": name, **one.told()} for name, one in found.items()],
    }
    return made | {"words": wording.refusal()}


def _effects(experiment: Experiment, found: dict[str, Difference]) -> list[dict[str, Any]]:
    """By variant: the plain difference, that with CUPED, and the one to go by."""
    reduced = {
        name: difference(experiment.table, experiment.control, name, "pre")
        for name in found
        if experiment.has_pre
    }
    best = {name: reduced.get(name, one) for name, one in found.items()}
    together = holm({name: one.p_value for name, one in best.items()})
    made = []
    for name, one in found.items():
        row: dict[str, Any] = {"variant": name, **one.told(), "cuped": None}
        if name in reduced and one.error > 0:
            gain = 1 - (reduced[name].error / one.error) ** 2
            row["cuped"] = reduced[name].told() | {"variance_reduction": gain}
        row["by"] = "cuped" if name in reduced else "plain"
        row["adjusted_p_value"] = together[name]
        row["significant"] = together[name] < ALPHA
        made.append(row)
    return made


def _of_two(experiment: Experiment, variant: str, planned: float | None) -> float | None:
    """How many of the planned units are the variant's or the control's."""
    if planned is None:
        return None
    return planned * experiment.of(experiment.control, variant).height / experiment.table.height


def _sequential(experiment: Experiment, times: int, planned: float | None) -> list[dict[str, Any]]:
    """By variant: every look and the first that decides; error in all variants and looks ≤ 5 %."""
    pre = "pre" if experiment.has_pre else None
    alpha = ALPHA / len(experiment.treatments)
    made = []
    table, control = experiment.table, experiment.control
    followed = "at" in table.columns
    for name in experiment.treatments:
        if followed:
            end = _of_two(experiment, name, planned)
            seen = looks(table, control, name, pre=pre, count=times, alpha=alpha, planned=end)
        else:
            seen = last_look(table, control, name, pre=pre, count=times, alpha=alpha)
        first = next((place for place, look in enumerate(seen, 1) if look.crosses), None)
        verdict = "no decision"
        if first is not None:
            verdict = "better" if seen[first - 1].z > 0 else "worse"
        made.append(
            {
                "variant": name,
                "looks": [look.told() for look in seen],
                "followed": followed,
                "decided_at_look": first if followed or first is None else times,
                "verdict": verdict,
                "interval": seen[-1].told()["interval"] if seen else None,
            }
        )
    return made
