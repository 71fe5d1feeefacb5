"""A report as the API shows it."""

from dataclasses import asdict
from typing import Any
from uuid import UUID

from campaign_service.measurement import comparing
from campaign_service.measurement.comparing import Comparison, Report
from campaign_service.measurement.domain import Arm, Funnel, Terms
from campaign_service.measurement.words import sentences, targeting_words
from contracts.campaign import reports

TREATED = "treated"


def figures(funnel: Funnel, margin_fen: int) -> dict[str, Any]:
    """The fields of `reports.Figures`."""
    return {
        **asdict(funnel), "margin_fen": margin_fen, "cost_fen": funnel.cost_fen,
        "roi": funnel.roi,
    }  # fmt: skip


def arm(side: Arm) -> reports.Arm:
    """One side."""
    return reports.Arm(**asdict(side), return_rate=side.return_rate)


def part(
    key: str, funnel: Funnel, margin_fen: int, found: Comparison | None, terms: Terms
) -> reports.ReportPart:
    """One part, with its comparison where there is one."""
    brought = incremental(found, funnel, terms) if found else None
    return reports.ReportPart(key=key, **figures(funnel, margin_fen), incremental=brought)


def incremental(
    found: Comparison, funnel: Funnel, terms: Terms, variant: str = TREATED
) -> reports.Incremental:
    """A variant against the control, in figures and words."""
    revenue = difference(found.revenue, variant)
    treated = found.members.get(variant, 0)
    zh, en = sentences(found, variant)
    ratio = (found.revenue or {}).get("sample_ratio")
    balance = (found.revenue or {}).get("balance")
    brought: dict[str, int] = {}
    if found.causal and revenue is not None:
        for name, each in (
            ("low", revenue.low), ("fen", revenue.estimate), ("high", revenue.high),
        ):  # fmt: skip
            extra = each * treated
            brought[f"extra_revenue_{name}"] = round(extra)
            profit = extra * terms.margin_percent / 100 - funnel.cost_fen
            brought[f"profit_{name}"] = round(profit)
    return reports.Incremental(
        causal=found.causal,
        reason=found.reason,
        treated_members=treated,
        control_members=found.members.get(found.control, 0),
        sample_ratio_p=ratio["p_value"] if ratio else None,
        balance_p=balance["p_value"] if balance else None,
        return_rate=difference(found.returned, variant),
        revenue_fen=revenue,
        course=course(found.revenue, variant),
        **brought,
        zh=zh,
        en=en,
    )


def difference(report: Report | None, variant: str) -> reports.Difference | None:
    """The difference to go by."""
    found = comparing.best(report, variant)
    if found is None:
        return None
    low, high = found["interval"]
    gain = found.get("variance_reduction")
    return reports.Difference(
        estimate=found["estimate"], low=low, high=high, p_value=found["p_value"],
        cuped=gain is not None, variance_reduction=gain,
    )  # fmt: skip


def course(report: Report | None, variant: str) -> reports.Course | None:
    """Looks and verdict, where the end is known."""
    found = comparing.course(report, variant)
    if found is None:
        return None
    looks = [
        reports.Look(**{name: look[name] for name in reports.Look.model_fields})
        for look in found["looks"]
    ]
    return reports.Course(
        looks=looks, decided_at_look=found["decided_at_look"], verdict=found["verdict"]
    )


def targeting(
    campaign_id: UUID, members: int, reason: str | None, judged: Report | None
) -> reports.Targeting:
    """Models judged on members they have not seen."""
    zh, en = targeting_words(reason, judged)
    if judged is None:
        return reports.Targeting(
            campaign_id=campaign_id, members=members, learnt_from=0, held_out=0, reason=reason,
            zh=zh, en=en,
        )  # fmt: skip
    low, high = judged["gain_interval"]
    return reports.Targeting(
        campaign_id=campaign_id,
        members=members,
        learnt_from=judged["learnt_from"],
        held_out=judged["held_out"],
        uplift_model=_ranking(judged["uplift_model"]),
        response_model=_ranking(judged["response_model"]),
        gain_low=low,
        gain_high=high,
        better=judged["better"],
        zh=zh,
        en=en,
    )


def _ranking(model: Report) -> reports.Ranking:
    low, high = model["qini_interval"]
    return reports.Ranking(kind=model["kind"], qini=model["qini"], low=low, high=high)
