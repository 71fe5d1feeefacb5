"""The comparison of a report in sentences, Chinese and English."""

from campaign_service.experiments.uplift import FEWEST as LEARNT_FROM
from campaign_service.measurement.comparing import FEWEST, Comparison, Report, best

REASONS = {
    "no_control": (
        "没有随机对照组，不能作因果解释：销售额只是归因，不说明活动带来了什么。",
        "Not causal: nobody was held out by lot, so sales are attributed, not shown to be brought.",
    ),
    "sample_ratio": (
        "两组人数与设计不符（样本比例检验），不能作因果解释，请先查明原因。",
        "Not causal: the arms have not the sizes that were drawn (sample ratio); find out why.",
    ),
    "balance": (
        "两组在活动之前的消费就不同，并非只由随机决定，不能作因果解释。",
        "Not causal: the arms differed in what they bought before, so chance alone did not draw"
        " them; find out why.",
    ),
    "too_few": (
        f"每组至少需要{FEWEST}名已满观察期的会员，目前不足，不能作因果解释。",
        f"Not causal yet: each arm needs {FEWEST} members whose window is over.",
    ),
}

_VERDICTS = {
    1: ("活动有效", "more came back"),
    0: ("未显示有效果", "no effect shown"),
    -1: ("活动起了反作用", "fewer came back"),
}


def sentences(found: Comparison, variant: str) -> tuple[str, str]:
    """(Chinese, English)."""
    if found.reason:
        return REASONS[found.reason]
    rate, revenue = best(found.returned, variant), best(found.revenue, variant)
    assert rate is not None and revenue is not None, "a causal comparison has both"
    low, high = rate["interval"]
    zh, en = _VERDICTS[(low > 0) - (high < 0)]
    return (
        f"与对照组相比，回购率{_points(rate)}，人均消费{_yuan(revenue)}（95 % 区间）：{zh}。",
        f"Against the control group: returning {_points(rate)}, spending a member"
        f" {_yuan(revenue)} (95 %): {en}.",
    )


_UNLEARNT = {
    "no_features": (
        "会员之间没有可供学习的差异，或无人购买，未学习应触达谁。",
        "Who is worth contacting was not learnt: members do not differ, or nobody bought.",
    ),
    "too_few": (
        f"每组至少需要{LEARNT_FROM}名已满观察期的会员，才能学习应触达谁。",
        f"Who is worth contacting cannot be learnt yet: each arm needs {LEARNT_FROM} members whose"
        " window is over.",
    ),
}


def targeting_words(reason: str | None, judged: Report | None) -> tuple[str, str]:
    """(Chinese, English): whether choosing by uplift gains."""
    if judged is None:
        return {**REASONS, **_UNLEARNT}[reason or "no_features"]
    low, high = (each / 100 for each in judged["gain_interval"])
    interval = f"¥{low:+,.2f} … ¥{high:+,.2f}"
    if judged["better"]:
        return (
            f"按增量模型选人优于响应模型（Qini 之差，95 % 区间 {interval}）。",
            f"Choosing by uplift gains over the response model (difference of Qini {interval}).",
        )
    return (
        f"相对响应模型没有增益（Qini 之差，95 % 区间 {interval}）。",
        f"No gain over response model (difference of Qini {interval}).",
    )


def _points(gap: Report) -> str:
    low, high = gap["interval"]
    return f"{gap['estimate']:+.1%} [{low:+.1%}, {high:+.1%}]"


def _yuan(gap: Report) -> str:
    low, high = (each / 100 for each in gap["interval"])
    return f"¥{gap['estimate'] / 100:+,.2f} [{low:+,.2f}, {high:+,.2f}]"
