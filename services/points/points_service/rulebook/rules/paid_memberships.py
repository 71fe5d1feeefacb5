"""Paid memberships."""

from contracts.points.paid_memberships import Plan
from points_service.rulebook.domain import Section, Text, joined, within, yuan
from points_service.rulebook.facts import Facts

NO_RENEWAL = Text(
    "付费会员不会自动续费；续费须由会员本人明确同意。可随时退出。",
    "No paid membership renews by itself: another term takes the member's own consent. It can be"
    " ended at any time.",
)


def section(facts: Facts) -> Section:
    """From the plans on sale."""
    found = [render(each) for each in facts.plans if each.in_force(facts.now)]
    rules = [*found, NO_RENEWAL] if found else []
    return Section("paid_memberships", Text("付费会员", "Paid memberships"), rules)


def render(plan: Plan) -> Text:
    """A plan in words."""
    fee, months, notice = yuan(plan.fee_fen), plan.months, plan.notice_days
    said = Text(
        f"{plan.names.zh}：{fee} 元 {months} 个月",
        f"{plan.names.en}: {fee} yuan for {months} months",
    )
    if plan.benefits:
        names = joined((Text(each.names.zh, each.names.en) for each in plan.benefits), "、", ", ")
        said += Text("，权益：", ", benefits: ") + names
    if plan.price_percent < 100:
        price = plan.price_percent
        said += Text(f"，享标价的 {price}%", f", pays {price} % of the list price")
    said += Text(f"；到期前 {notice} 天提醒", f"; its end is announced {notice} days before")
    return said + _refund(plan) + within(plan.valid_from, plan.valid_until)


def _refund(plan: Plan) -> Text:
    days = plan.refund.full_days
    full = Text(
        f"；{days} 天内未使用权益可全额退款",
        f"; within {days} days, no benefit used, all is refunded",
    )
    if plan.refund.then == "unused_months":
        return full + Text(
            "，其后按未开始的整月退款。", ", later on the whole months that have not begun."
        )
    return full + Text("，其后不退款。", ", later on nothing.")
