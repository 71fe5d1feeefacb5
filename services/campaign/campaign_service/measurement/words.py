"""The comparison of a report in sentences, Chinese and English."""

from campaign_service.measurement.incremental import FEWEST, Comparison, Gap

_REASONS = {
    "no_control": (
        "没有随机对照组，不能作因果解释：销售额只是归因，不说明活动带来了什么。",
        "Not causal: nobody was held out by lot, so sales are attributed, not shown to be brought.",
    ),
    "sample_ratio": (
        "两组人数与设计不符（样本比例检验），不能作因果解释，请先查明原因。",
        "Not causal: the arms have not the sizes that were drawn (sample ratio); find out why.",
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


def sentences(found: Comparison) -> tuple[str, str]:
    """(Chinese, English)."""
    if found.reason:
        return _REASONS[found.reason]
    rate, revenue = found.return_rate, found.revenue_fen
    assert rate is not None and revenue is not None, "a causal comparison has both"
    zh, en = _VERDICTS[(rate.low > 0) - (rate.high < 0)]
    return (
        f"与对照组相比，回购率{_points(rate)}，人均消费{_yuan(revenue)}（95 % 区间）：{zh}。",
        f"Against the control group: returning {_points(rate)}, spending a member"
        f" {_yuan(revenue)} (95 %): {en}.",
    )


def _points(gap: Gap) -> str:
    return f"{gap.estimate:+.1%} [{gap.low:+.1%}, {gap.high:+.1%}]"


def _yuan(gap: Gap) -> str:
    return f"¥{gap.estimate / 100:+,.2f} [{gap.low / 100:+,.2f}, {gap.high / 100:+,.2f}]"
