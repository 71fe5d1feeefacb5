"""The text can be said: nothing is missing in it, it fits, and the law allows it."""

from campaign_service.decisions.domain import Case, Facts, Rule, Words
from campaign_service.decisions.rules.sending import REASONS
from contracts.campaign.decisions import Outcome


def judge(case: Case) -> tuple[bool, Facts]:
    """Of the channel by which it would leave."""
    faults = dict(case.standing.faults)
    fault = faults.get(next(iter(case.open), ""))
    if fault is None:
        return True, {}
    words = REASONS.get(fault, Words(fault, fault))
    return False, {"zh": words.zh, "en": words.en}


RULE = Rule(
    name="wording",
    judge=judge,
    otherwise=Outcome.SKIPPED,
    passed=Words("文案合规", "the wording may be sent"),
    failed=Words("文案不能发送：{zh}", "the text cannot be sent: {en}"),
)
