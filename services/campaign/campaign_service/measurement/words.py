"""The comparison of a report in sentences, Chinese and English."""

from campaign_service.measurement.comparing import FEWEST, Comparison, Report, best

_REASONS = {
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
        return _REASONS[found.reason]
    rate, revenue = best(found.returned, variant), best(found.revenue, variant)
    assert rate is not None and revenue is not None, "a causal comparison has both"
    low, high = rate["interval"]
    zh, en = _VERDICTS[(low > 0) - (high < 0)]
    return (
        f"与对照组相比，回购率{_points(rate)}，人均消费{_yuan(revenue)}（95 % 区间）：{zh}。",
        f"Against the control group: returning {_points(rate)}, spending a member"
        f" {_yuan(revenue)} (95 %): {en}.",
    )


def _points(gap: Report) -> str:
    low, high = gap["interval"]
    return f"{gap['estimate']:+.1%} [{low:+.1%}, {high:+.1%}]"


def _yuan(gap: Report) -> str:
    low, high = (each / 100 for each in gap["interval"])
    return f"¥{gap['estimate'] / 100:+,.2f} [{low:+,.2f}, {high:+,.2f}]"
