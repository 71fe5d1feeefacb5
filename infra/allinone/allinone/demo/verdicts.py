"""Whether the platform's reports found what was planted: the demo knows the truth, they do not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from allinone.demo import plant
from allinone.demo.campaigns import YEAR

Figures = dict[str, Any]


def judged(report: Figures) -> Figures:
    """What is true of a campaign beside what its report measured, in percentage points.

    `planted`: points that its text makes in who gets it. `expected`: the same of all who were to
    get it, for some of them could not be reached. `holds`: whether the 95 % interval has it; None
    while nothing is measured, or where the report refuses to speak of an effect.
    """
    effect = next(
        (plant.effect_of(each.text) for each in YEAR if each.name == report["name"]), None
    )
    points = effect.points if effect else 0.0
    told = report["incremental"]
    rate = told["return_rate"]
    treated = told["treated_members"]
    expected = points * min(report["sent"] / treated, 1.0) if treated else points
    measured = rate and {key: round(100 * rate[key], 2) for key in ("estimate", "low", "high")}
    holds = None
    if measured and told["causal"]:
        holds = bool(measured["low"] <= expected <= measured["high"])
    found: Figures = {
        "placebo": effect is None,
        "planted": points,
        "expected": round(expected, 2),
        "measured": measured,
        "holds": holds,
    }
    return found | dict(zip(("zh", "en"), _words(found), strict=True))


def placebos(campaigns: Sequence[Figures]) -> dict[str, int]:
    """How many campaigns without an effect were measured, and how many intervals hold zero."""
    found = [each["verdict"] for each in campaigns if each["verdict"]["placebo"]]
    measured = [each for each in found if each["holds"] is not None]
    return {"measured": len(measured), "hold_zero": sum(each["holds"] for each in measured)}


def missed(campaigns: Sequence[Figures]) -> list[str]:
    """Campaigns whose planted effect is not in the interval."""
    return [
        each["name"]
        for each in campaigns
        if not each["verdict"]["placebo"] and each["verdict"]["holds"] is False
    ]


def _words(found: Figures) -> tuple[str, str]:
    if found["holds"] is None:
        return "尚无可比较的结果", "nothing to compare yet"
    low, high = (f"{found['measured'][key]:+.1f}" for key in ("low", "high"))
    if found["placebo"]:
        if found["holds"]:
            return (
                f"安慰剂（无人会响应）：区间 {low} 至 {high} 个百分点，含零",
                f"a placebo, nobody responds: {low} to {high} points, which holds zero",
            )
        return (
            f"安慰剂（无人会响应）：区间 {low} 至 {high} 个百分点，不含零；"
            "95% 区间二十次中约错一次",
            f"a placebo, nobody responds: {low} to {high} points, without zero; one 95 % interval"
            " in twenty is wrong",
        )
    planted = f"{found['planted']:+.1f}", f"{found['expected']:+.1f}"
    zh_in, en_in = ("在", "inside") if found["holds"] else ("不在", "OUTSIDE")
    return (
        f"植入 {planted[0]} 个百分点，按送达计 {planted[1]}，{zh_in}区间 {low} 至 {high} 内",
        f"planted {planted[0]} points, {planted[1]} of all meant: {en_in} {low} to {high}",
    )
