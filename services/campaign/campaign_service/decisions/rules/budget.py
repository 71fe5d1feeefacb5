"""The campaign never commits more than its approved budget."""

from campaign_service.decisions.domain import Case, Facts, Rule, Words
from contracts.campaign.decisions import Outcome


def judge(case: Case) -> tuple[bool, Facts]:
    """One more message still fits."""
    return case.standing.affordable, {}


RULE = Rule(
    name="budget",
    judge=judge,
    otherwise=Outcome.SKIPPED,
    passed=Words("预算充足", "within the budget"),
    failed=Words("活动预算已用完", "the campaign's budget is used up"),
)
