"""Nobody is written to too often, whatever campaigns it comes from."""

from campaign_service.decisions.domain import Case, Facts, Rule, Words
from contracts.campaign.decisions import Outcome


def judge(case: Case) -> tuple[bool, Facts]:
    """The facts tell the first cap that is reached: the day's, the week's, the campaign's, or those
    of all channels that are left."""
    if case.terms.transactional:
        return True, {"transactional": "yes"}
    caps, standing = case.terms.caps, case.standing
    hour: Facts = {"hour": case.held_until} if case.held_until else {}
    if standing.today >= caps.a_day:
        return False, {**hour, "a_day": caps.a_day}
    if len(standing.week) >= caps.a_week:
        return False, {"a_week": caps.a_week}
    if caps.of_campaign is not None and standing.of_campaign >= caps.of_campaign:
        return False, {"of_campaign": caps.of_campaign}
    if not case.uncapped:
        return False, {"channels": ", ".join(case.allowed)}
    return True, {**hour, "today": standing.today, "week": len(standing.week)}


RULE = Rule(
    name="caps",
    judge=judge,
    otherwise=Outcome.SKIPPED,
    passed=(
        Words(
            "未超过频次上限：{day}已有{today}条，七天内{week}条",
            "within the caps: {today} on {day}, {week} in seven days",
        ),
        Words(
            "事关会员自己的订单或积分，不计频次",
            "about the member's own order or points, not capped",
        ),
    ),
    failed=(
        Words(
            "{day}的消息已达上限：每天最多{a_day}条",
            "there is a message on {day} already: {a_day} a day at most",
        ),
        Words(
            "七天内的消息已达上限：最多{a_week}条",
            "as many messages in seven days as there may be: {a_week}",
        ),
        Words(
            "本活动的消息已达上限：最多{of_campaign}条",
            "as many messages of this campaign as there may be: {of_campaign}",
        ),
        Words(
            "七天内{channels}的消息已达上限",
            "as many messages by {channels} in seven days as there may be",
        ),
    ),
)
