"""What became of the message: no check of the pipeline, but the end of its story."""

from campaign_service.decisions.domain import Verdict, Words
from contracts.campaign.deliveries import DeliveryStatus as Status

NAME = "sending"
_GONE = frozenset({Status.SENT, Status.DELIVERED})
_STOPPED = frozenset({Status.REFUSED, Status.FAILED, Status.WITHDRAWN})
WORDS: dict[tuple[str, bool], tuple[Words, ...]] = {
    (NAME, True): (
        Words("网关复核同意后已发送", "consent checked once more at the gateway, sent"),
    ),
    (NAME, False): (Words("未发送：{zh}", "did not leave: {en}"),),
}
REASONS = {
    "no_consent": Words("网关发送时会员已无有效同意", "no consent when it was to leave"),
    "no_guardian": Words("未成年人的监护人未同意", "a child whose guardian has not agreed"),
    "no_address": Words("没有联系方式", "there is no address"),
    "no_channel": Words("渠道未开通", "there is no such channel"),
    "no_member": Words("会员已不存在", "there is no such member any more"),
    "suppressed": Words("联系方式已被屏蔽", "the address is suppressed"),
    "expired": Words("已进入免打扰时段", "quiet hours had begun"),
    "consent_withdrawn": Words("等待发送时会员撤回了同意", "consent was withdrawn while it waited"),
    "objects": Words("等待发送时会员拒绝了自动化决策", "the member objected while it waited"),
    "daily_cap": Words("当天已有其他消息", "there was another message that day"),
    "stale": Words("消息过时", "it was out of date"),
    "no_content": Words("模板没有此渠道的内容", "the template says nothing by this channel"),
    "missing_variable": Words("文案缺少变量", "a variable of the text has no value"),
    "wording": Words("文案不能发送", "the text could not be sent"),
    "campaign_finished": Words("活动已结束", "the campaign was over"),
    "erased": Words("会员资料已删除", "the member was erased"),
}


def verdict(status: Status | None, reason: str | None) -> Verdict | None:
    """What became of it, or None while it waits, or is on its way, or there is none."""
    if status in _GONE:
        return Verdict(NAME, True, {})
    if status in _STOPPED:
        words = REASONS.get(reason or "", Words(reason or "未知", reason or "unknown"))
        return Verdict(NAME, False, {"zh": words.zh, "en": words.en})
    return None
