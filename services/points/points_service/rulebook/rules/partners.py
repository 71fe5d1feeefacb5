"""Exchange with partner programmes."""

from contracts.points.programmes import ExchangeTerms, Partner
from points_service.rulebook.domain import Section, Text, joined, within
from points_service.rulebook.facts import Facts


def section(facts: Facts) -> Section:
    """From the partners in force that exchange."""
    found = [
        render(each)
        for each in facts.partners
        if each.in_force(facts.now) and (each.outward or each.inward)
    ]
    return Section("partners", Text("合作伙伴积分互换", "Exchange with partners"), found)


def render(partner: Partner) -> Text:
    """A partner in words."""
    unit = partner.unit
    parts = []
    if partner.outward:
        rate = partner.outward.rate
        parts.append(
            Text(
                f"{rate.points} 积分换 {rate.units} {unit.zh}",
                f"{rate.points} points become {rate.units} {unit.en}",
            )
            + _limits(partner.outward)
        )
    if partner.inward:
        rate = partner.inward.rate
        parts.append(
            Text(
                f"{rate.units} {unit.zh}换 {rate.points} 积分",
                f"{rate.units} {unit.en} become {rate.points} points",
            )
            + _limits(partner.inward)
        )
    name = Text(f"{partner.names.zh}：", f"{partner.names.en}: ")
    ends = within(partner.valid_from, partner.valid_until)
    return name + joined(parts, "；", "; ") + Text("。", ".") + ends


def _limits(terms: ExchangeTerms) -> Text:
    limits = terms.limits
    words = (
        (limits.per_exchange, Text("每次", "at a time")),
        (limits.member_day, Text("每人每日", "a member a day")),
        (limits.member_month, Text("每人每月", "a member a month")),
        (limits.total_month, Text("每月总计", "all members a month")),
    )
    found = [
        Text(f"{said.zh}最多 {limit} 积分", f"at most {limit} points {said.en}")
        for limit, said in words
        if limit is not None
    ]
    return Text("（", " (") + joined(found) + Text("）", ")") if found else Text("", "")
