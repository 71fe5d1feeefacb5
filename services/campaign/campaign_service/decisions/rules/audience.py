"""The member is one the scenario is for."""

from campaign_service.audiences.domain import holds
from campaign_service.decisions.domain import Case, Facts, Rule, Words
from contracts.campaign import Outcome


def judge(case: Case) -> tuple[bool, Facts]:
    """Every condition holds; the facts tell the last purchase, which began this lapse."""
    member = case.candidate.member
    facts: Facts = {}
    if member.last_order_at is not None:
        facts = {
            "last_order_on": case.policy.quiet.day(member.last_order_at).isoformat(),
            "days": (case.now - member.last_order_at).days,
        }
    return all(holds(member, bound) for bound in case.terms.bounds), facts


RULE = Rule(
    name="audience",
    judge=judge,
    otherwise=Outcome.SKIPPED,
    passed=Words(
        "属于目标人群：上次购买于{last_order_on}，距今{days}天，本次沉默期内尚未联系",
        "in the audience: last purchase on {last_order_on}, {days} days ago,"
        " not contacted since then",
    ),
    failed=Words("不属于目标人群", "not in the audience"),
)
