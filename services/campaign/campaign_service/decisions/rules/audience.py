"""The member is one the campaign is for; who is not has not come so far."""

from campaign_service.decisions.domain import Case, Facts, Rule, Words
from contracts.campaign.decisions import Outcome


def judge(case: Case) -> tuple[bool, Facts]:
    """The facts tell what made this the occasion; its day is the decision's own (`__init__`)."""
    moment, tier = case.standing.moment, case.standing.tier
    facts: Facts = {"moment": moment} if moment else {}
    if moment == "tier" and tier:
        facts["tier"] = tier
    return True, facts


RULE = Rule(
    name="audience",
    judge=judge,
    otherwise=Outcome.SKIPPED,
    passed=(
        Words(
            "属于目标人群：{entered_on}进入活动所选人群，此后尚未联系",
            "in the audience: entered the campaign's segments on {entered_on},"
            " not contacted since then",
        ),
        Words(
            "属于目标人群：上次购买于{last_order_on}，距今{days}天，本次沉默期内尚未联系",
            "in the audience: last purchase on {last_order_on}, {days} days ago,"
            " not contacted since then",
        ),
        Words(
            "属于目标人群：{joined_on}入会，尚未购买",
            "in the audience: joined on {joined_on}, has not bought yet",
        ),
        Words("属于目标人群：等级为{tier}", "in the audience: tier {tier}"),
        Words(
            "属于目标人群，触发时间{asked_on}",
            "in the audience; what it is about happened on {asked_on}",
        ),
        Words("属于目标人群", "in the audience"),
    ),
    failed=Words("不属于目标人群", "not in the audience"),
)
