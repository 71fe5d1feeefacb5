"""Experiments and their reports as the API shows them."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from campaign_service.experiments.domain import Experiment
from campaign_service.measurement import answers
from campaign_service.measurement.comparing import Comparison
from campaign_service.measurement.domain import Arm
from campaign_service.measurement.words import REASONS, sentences
from contracts.campaign import experiments as api

Totals = Mapping[str, tuple[int, int, int, Arm]]
_NOTHING = (0, 0, 0, Arm())


def experiment(one: Experiment) -> api.Experiment:
    """As it stands."""
    return api.Experiment(
        **{name: getattr(one.asked, name) for name in api.ExperimentRequest.model_fields},
        experiment_id=one.experiment_id,
        author=one.author,
        created_at=one.created_at,
        weights=dict(one.weights) if one.weights else None,
        stopped_at=one.stopped_at,
        stopped_by=one.stopped_by,
        winner=one.winner,
    )


def best(one: Experiment, found: Comparison) -> tuple[bool, str | None]:
    """(whether it may be stopped, the arm that then wins).

    It may where a look crosses its bound, or at the planned end. The best of those that are shown
    to be better wins; where none is, the first arm, which everybody knows.
    """
    if not found.causal or found.revenue is None:
        return False, None
    ended = sum(found.members.values()) >= one.asked.planned_members
    better: list[tuple[float, str]] = []
    decided = ended
    for row in found.revenue["effects"]:
        told = answers.course(found.revenue, row["variant"])
        verdict = told.verdict if told else "no decision"
        decided |= verdict != "no decision"
        if verdict == "better":
            shown = row["cuped"] or row
            better.append((shown["estimate"], row["variant"]))
    return decided, (max(better)[1] if better else one.baseline) if decided else None


def report(one: Experiment, totals: Totals, found: Comparison) -> api.ExperimentReport:
    """What came of the arms, in figures and words."""
    decided, winner = best(one, found)
    revenue = found.revenue or {}
    zh, en = _words(one, found, decided=decided, winner=winner)
    ratio, balance = revenue.get("sample_ratio"), revenue.get("balance")
    return api.ExperimentReport(
        experiment_id=one.experiment_id,
        name=one.asked.name,
        method=one.asked.method,
        measured=sum(found.members.values()),
        planned_members=one.asked.planned_members,
        causal=found.causal,
        reason=found.reason,
        sample_ratio_p=ratio["p_value"] if ratio else None,
        balance_p=balance["p_value"] if balance else None,
        arms=[_arm(arm.name, totals.get(arm.name, _NOTHING), found) for arm in one.asked.arms],
        decided=decided,
        best=winner,
        zh=zh,
        en=en,
    )


def _arm(name: str, total: tuple[int, int, int, Arm], found: Comparison) -> api.ExperimentArm:
    members, fair, clicked, figures = total
    rows = found.revenue["effects"] if found.causal and found.revenue else []
    effect: dict[str, Any] = next((row for row in rows if row["variant"] == name), {})
    return api.ExperimentArm(
        name=name,
        members=members,
        fair=fair,
        clicked=clicked,
        figures=answers.arm(figures),
        return_rate=answers.difference(found.returned, name) if found.causal else None,
        revenue_fen=answers.difference(found.revenue, name) if found.causal else None,
        adjusted_p_value=effect.get("adjusted_p_value"),
        significant=effect.get("significant"),
        course=answers.course(found.revenue, name) if found.causal else None,
    )


def _words(
    one: Experiment, found: Comparison, *, decided: bool, winner: str | None
) -> tuple[list[str], list[str]]:
    zh: list[str] = []
    en: list[str] = []
    if found.reason:
        zh.append(REASONS[found.reason][0])
        en.append(REASONS[found.reason][1])
    elif found.revenue is not None:
        zh += found.revenue["words"]["zh"]
        en += found.revenue["words"]["en"]
    if one.is_bandit:
        zh.append(
            "自适应分流：仅比较固定随机分配的那部分会员（因果）；其余会员的分配随结果调整，"
            "其数字只是描述。"
        )
        en.append(
            "Bandit: only members drawn evenly for ever are compared (causal); the others' shares"
            " followed what was seen, so their figures describe and no more."
        )
    if not decided:
        zh.append("尚未达到可停止的界限或计划人数，请勿因结果提前停止。")
        en.append("No bound is crossed and the planned end not reached: do not stop for a result.")
    elif winner is not None:
        zh.append(f"可以停止；按结果采用 {winner}。")
        en.append(f"It may be stopped; by the result, {winner} is to be used.")
    return zh, en


def global_report(
    found: Comparison, share: float, until: date, days: int
) -> api.GlobalControlReport:  # fmt: skip
    """All marketing against none."""
    zh, en = sentences(found, answers.TREATED)
    revenue = answers.difference(found.revenue, answers.TREATED) if found.causal else None
    treated = found.members.get(answers.TREATED, 0)
    extra: Sequence[int | None] = (None, None, None)
    if revenue is not None:
        extra = [round(each * treated) for each in (revenue.estimate, revenue.low, revenue.high)]
    ratio = (found.revenue or {}).get("sample_ratio")
    return api.GlobalControlReport(
        share=share,
        until=until,
        days=days,
        treated_members=treated,
        control_members=found.members.get(found.control, 0),
        causal=found.causal,
        reason=found.reason,
        sample_ratio_p=ratio["p_value"] if ratio else None,
        return_rate=answers.difference(found.returned, answers.TREATED) if found.causal else None,
        revenue_fen=revenue,
        extra_revenue_fen=extra[0],
        extra_revenue_low=extra[1],
        extra_revenue_high=extra[2],
        zh=zh,
        en=en,
    )
