"""The message goes by the first channel that leads to the member, its own first where wanted."""

from campaign_service.decisions.domain import Case, Facts, Rule, Words
from contracts.campaign.decisions import Outcome


def judge(case: Case) -> tuple[bool, Facts]:
    """Which one it is, and which come after it should it not take the message."""
    found = case.open
    if not found:
        return False, {"channels": ", ".join(case.uncapped)}
    first, *rest = found
    facts: Facts = {"channel": first}
    if rest:
        facts["then"] = ", ".join(rest)
    return True, facts


RULE = Rule(
    name="channel",
    judge=judge,
    otherwise=Outcome.SKIPPED,
    passed=(
        Words("渠道：{channel}，备选{then}", "by {channel}, or else {then}"),
        Words("渠道：{channel}", "by {channel}"),
    ),
    failed=Words("没有{channels}的联系方式", "no address for {channels}"),
)
