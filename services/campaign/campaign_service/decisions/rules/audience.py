"""The member is one the campaign is for."""

from datetime import datetime

from campaign_service.audiences.domain import meant
from campaign_service.decisions.domain import Case, Facts, Rule, Words
from contracts.campaign.decisions import Outcome


def judge(case: Case) -> tuple[bool, Facts]:
    """Every condition holds; the facts tell what made this the occasion."""
    member, picking = case.candidate.member, case.terms.picking

    def day(moment: datetime) -> str:
        return case.policy.quiet.day(moment).isoformat()

    facts: Facts = {}
    if picking.inside and member.entered_at is not None:
        facts = {"entered_on": day(member.entered_at)}
    elif member.last_order_at is not None and "last_order_at" in picking.moments:
        facts = {
            "last_order_on": day(member.last_order_at),
            "days": (case.now - member.last_order_at).days,
        }
    elif member.registered_at is not None and "registered_at" in picking.moments:
        facts = {"joined_on": day(member.registered_at)}
    elif picking.tiers and member.tier is not None:
        facts = {"tier": member.tier}
    return meant(member, picking), facts


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
        Words("属于目标人群", "in the audience"),
    ),
    failed=Words("不属于目标人群", "not in the audience"),
)
