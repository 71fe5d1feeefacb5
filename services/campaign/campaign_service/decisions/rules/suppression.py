"""The address is not on the list of those that nothing is sent to."""

from campaign_service.decisions.domain import Case, Facts, Rule, Words
from contracts.campaign.decisions import Outcome


def judge(case: Case) -> tuple[bool, Facts]:
    """At least one channel that was agreed to is left."""
    return bool(case.allowed), {"channels": ", ".join(case.agreed)}


RULE = Rule(
    name="suppression",
    judge=judge,
    otherwise=Outcome.SKIPPED,
    passed=Words("联系方式未被屏蔽", "the address is not suppressed"),
    failed=Words("联系方式已被屏蔽：{channels}", "the address is suppressed: {channels}"),
)
