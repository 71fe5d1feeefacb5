"""Whether the platform's reports found what was planted: the demo knows the truth, they do not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from allinone.demo import plant
from allinone.demo.campaigns import NO_ARM, YEAR

Figures = dict[str, Any]
Measured = Mapping[str, float] | None


def points(name: str) -> dict[str, float]:
    """What is planted in a campaign, in points, by arm of its experiment (or `NO_ARM`)."""
    texts = next((each.texts for each in YEAR if each.name == name), {NO_ARM: ""})
    effects = {arm: plant.effect_of(text) for arm, text in texts.items()}
    return {arm: effect.points if effect else 0.0 for arm, effect in effects.items()}


def judged(report: Figures, sent: Mapping[str, int]) -> Figures:
    """What is true of a campaign beside what its report measured, in percentage points.

    `sent`: messages that left, by arm. `planted`: the most that any of its texts makes in who gets
    it. `expected`: what all texts make of all who were to get one, for some could not be reached.
    """
    planted, told = points(report["name"]), report["incremental"]
    treated = told["treated_members"]
    made = sum(planted.get(arm, 0.0) * count for arm, count in sent.items())
    most = max(planted.values())
    expected = made / treated if treated else most  # nothing is measured yet
    return _compared(most, expected, told["return_rate"], told["causal"])


def tried(report: Figures, sent: Mapping[str, int]) -> Figures:
    """The same of an experiment: each arm against the first, by name; `members` of its report."""
    planted = points(report["name"])
    first, *others = report["arms"]
    reached = {
        arm["name"]: min(sent.get(arm["name"], 0) / arm["members"], 1.0) if arm["members"] else 0.0
        for arm in report["arms"]
    }
    base = planted[first["name"]] * reached[first["name"]]
    return {
        arm["name"]: _compared(
            planted[arm["name"]] - planted[first["name"]],
            planted[arm["name"]] * reached[arm["name"]] - base,
            arm["return_rate"],
            report["causal"],
        )
        for arm in others
    }


def placebos(campaigns: Sequence[Figures]) -> dict[str, int]:
    """How many campaigns without an effect were measured, and how many intervals hold zero."""
    found = [each["verdict"] for each in campaigns if each["verdict"]["placebo"]]
    measured = [each for each in found if each["holds"] is not None]
    return {"measured": len(measured), "hold_zero": sum(each["holds"] for each in measured)}


def missed(campaigns: Sequence[Figures], experiments: Sequence[Figures]) -> list[str]:
    """Campaigns, and arms of experiments, whose planted effect is not in the interval."""
    found = [(each["name"], each["verdict"]) for each in campaigns]
    found += [
        (f"{each['name']}/{arm}", verdict)
        for each in experiments
        for arm, verdict in each["verdicts"].items()
    ]
    return [name for name, verdict in found if not verdict["placebo"] and verdict["holds"] is False]


def _compared(planted: float, expected: float, rate: Measured, causal: bool) -> Figures:
    """`holds`: whether the 95 % interval has the truth; None while nothing is measured, or where
    the report refuses to speak of an effect."""
    measured = rate and {key: round(100 * rate[key], 2) for key in ("estimate", "low", "high")}
    holds = None
    if measured and causal:
        holds = bool(measured["low"] <= expected <= measured["high"])
    found: Figures = {
        "placebo": planted == 0.0,
        "planted": planted,
        "expected": round(expected, 2),
        "measured": measured,
        "holds": holds,
    }
    return found | dict(zip(("zh", "en"), _words(found), strict=True))


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
