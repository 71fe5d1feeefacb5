"""Bringing other members."""

from points_service.rulebook.domain import Section, Text
from points_service.rulebook.facts import Facts


def section(facts: Facts) -> Section:
    """From the programme's settings; what it brings is an earning rule."""
    terms = facts.programme.referrals
    new, back = terms.new_for.days, terms.reversible.days
    return Section(
        "referrals",
        Text("推荐好友", "Bringing friends"),
        [
            Text(
                f"注册 {new} 天内且未购物的会员可记为被推荐人，其首次购物后发放奖励。",
                f"Who registered within {new} days and has bought nothing yet can have been"
                " brought by a member; the reward comes with the first purchase.",
            ),
            Text(
                f"首次购物在 {back} 天内全部退货的，收回奖励。",
                f"If the first purchase is returned within {back} days, so is the reward.",
            ),
            Text(
                "自我推荐、同一设备、同一支付账户或互相推荐不予奖励。",
                "Oneself, the same device, the same means of payment or each other do not count.",
            ),
        ],
    )
