"""Who objects to automated decisions is picked by no machine."""

from campaign_service.decisions.domain import Case, Facts, Rule, Words
from contracts.campaign.decisions import Outcome


def judge(case: Case) -> tuple[bool, Facts]:
    """What concerns a member's own order or points is no picking."""
    return case.terms.transactional or not case.standing.objects, {}


RULE = Rule(
    name="objection",
    judge=judge,
    otherwise=Outcome.SKIPPED,
    passed=Words("会员未拒绝自动化决策", "the member does not object to automated decisions"),
    failed=Words("会员拒绝自动化决策", "the member objects to automated decisions"),
)
