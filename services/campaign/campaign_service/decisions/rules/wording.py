"""The text can be said: nothing is missing in it, it fits, and the law allows it."""

from campaign_service.decisions.domain import Case, Facts, Rule, Words
from contracts.campaign.decisions import Outcome


def judge(case: Case) -> tuple[bool, Facts]:
    """Of the channel by which it would leave."""
    faults = dict(case.standing.faults)
    fault = faults.get(next(iter(case.open), ""))
    return fault is None, {"fault": fault} if fault else {}


RULE = Rule(
    name="wording",
    judge=judge,
    otherwise=Outcome.SKIPPED,
    passed=Words("文案合规", "the wording may be sent"),
    failed=Words("文案不能发送：{fault}", "the text cannot be sent: {fault}"),
)
