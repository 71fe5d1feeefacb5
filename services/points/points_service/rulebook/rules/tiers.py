"""Tiers: what leads to them, what they give, how they are kept."""

from collections.abc import Mapping

from points_service.benefits.domain import Benefit, Period
from points_service.rulebook.domain import Section, Text, joined, per_cent, yuan
from points_service.rulebook.facts import Facts
from points_service.tiers.domain import Condition, Grant, Ladder, Rung

PERIODS = {Period.MONTH: Text("每月", "a month"), Period.YEAR: Text("每年", "a year")}
EVERYBODY = Text("所有会员", "every member")


def section(facts: Facts) -> Section:
    """From the ladder members climb and the benefits it grants."""
    ladder = facts.ladder
    return Section(
        "tiers",
        Text("会员等级", "Tiers"),
        [*(render(rung, facts.benefits) for rung in ladder.rungs), *kept(ladder)],
    )


def render(rung: Rung, catalogue: Mapping[str, Benefit]) -> Text:
    """A tier in words."""
    needs = joined((_condition(each) for each in rung.conditions), "且", " and ")
    rate = per_cent(rung.points_percent)
    said = (
        Text(f"{rung.zh or rung.name}：", f"{rung.en or rung.name}: ")
        + (needs if rung.conditions else EVERYBODY)
        + Text(f"；积分 {rate} 倍", f"; {rate} times the points")
    )
    if rung.price_percent < 100:
        price = rung.price_percent
        said += Text(f"；享标价的 {price}%", f"; pays {price} % of the list price")
    gives = [_grant(each, catalogue) for each in rung.grants if each.benefit_id in catalogue]
    if gives:
        said += Text("；权益：", "; benefits: ") + joined(gives, "、", ", ")
    return said + Text("。", ".")


def kept(ladder: Ladder) -> list[Text]:
    """How tiers are reviewed."""
    found = [
        Text(
            "每月 1 日按上月情况复核等级，可升可降；达到更高等级的条件时立即升级。",
            "On the 1st of each month tiers are reviewed by the month before, up and down; who"
            " meets the conditions of a higher tier moves up at once.",
        )
    ]
    if ladder.qualification_months:
        months = ladder.qualification_months
        found.append(
            Text(f"等级达成后保留 {months} 个月。", f"A tier is kept for {months} months.")
        )
    if ladder.grace_days:
        days = ladder.grace_days
        found.append(
            Text(
                f"降级前至少提前 {days} 天提醒。",
                f"Nobody falls without a warning at least {days} days before.",
            )
        )
    if ladder.soft_landing:
        found.append(Text("每次最多降一级。", "A fall is one tier at a time."))
    return found


def _grant(grant: Grant, catalogue: Mapping[str, Benefit]) -> Text:
    benefit = catalogue[grant.benefit_id]
    name = Text(benefit.zh[0], benefit.en[0])
    if grant.quota is None:
        return name
    period = PERIODS[benefit.period]
    return name + Text(f"（{period.zh} {grant.quota} 次）", f" ({grant.quota} × {period.en})")


def _condition(condition: Condition) -> Text:
    wording = CONDITIONS[condition.kind]
    amount = condition.at_least
    figure = yuan(amount) if condition.kind in MONEY else str(amount)
    months = str(condition.months)
    return Text(
        wording.zh.format(n=figure, months=months), wording.en.format(n=figure, months=months)
    )


MONEY = frozenset({"month_spend", "spend"})
CONDITIONS: Mapping[str, Text] = {
    "growth": Text("成长值达到 {n}", "growth of {n}"),
    "month_spend": Text("当月消费满 {n} 元", "{n} yuan spent in the month"),
    "referrals": Text("推荐 {n} 位好友", "{n} members brought"),
    "social": Text("{n} 次社交或环保行为", "{n} social or green deeds"),
    "spend": Text("{months} 个月内消费满 {n} 元", "{n} yuan spent in {months} months"),
    "frequency": Text("{months} 个月内下单 {n} 次", "{n} orders in {months} months"),
    "interactions": Text("{months} 个月内互动 {n} 次", "{n} interactions in {months} months"),
}
