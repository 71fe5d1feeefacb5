"""Coupons: what each kind gives, and which go together."""

from points_service.coupons.domain import Effect, Template, Terms
from points_service.rulebook.domain import NOTHING, Section, Text, joined, listed, within, yuan
from points_service.rulebook.facts import Facts

STACKING = Text(
    "同一叠加组的优惠券每单只能用一张，不同叠加组的可以同时使用。",
    "Of one stacking group an order uses one coupon; coupons of different groups add up.",
)
BACK = Text(
    "订单全部退货时，未过期的优惠券退回。",
    "When an order is returned as a whole, its coupons come back unless their date has passed.",
)


def section(facts: Facts) -> Section:
    """From the templates that are not ended; campaigns say themselves how long theirs are good."""
    found = [head.terms for head in facts.templates if head.ended_at is None]
    rules = [render(terms) for terms in found if _standing(terms)]
    return Section("coupons", Text("优惠券", "Coupons"), [*rules, STACKING, BACK])


def _standing(terms: Terms) -> bool:
    return terms.days is not None or terms.valid_from is not None


def render(terms: Terms) -> Text:
    """A template in words."""
    template = terms.template
    said = Text(f"{template.name_zh or template.name}：", f"{template.name}: ")
    parts = [_gives(template), *_where(template), *_limits(terms)]
    if terms.days is not None:
        parts.append(Text(f"领取后 {terms.days} 天内有效", f"good for {terms.days} days"))
    group = template.stacking_group
    parts.append(Text(f"叠加组 {group}", f"stacking group {group}"))
    dates = within(terms.valid_from, terms.valid_until) if terms.valid_from else NOTHING
    wording = Text(f" {terms.wording_zh}", f" {terms.wording}") if terms.wording else NOTHING
    return said + joined(parts) + Text("。", ".") + dates + wording


def _gives(template: Template) -> Text:
    least, value = template.threshold_fen, template.value
    from_ = Text(f"满 {yuan(least)} 元", f"from {yuan(least)} yuan ") if least else NOTHING
    if template.effect is Effect.CASH_OFF:
        return from_ + Text(f"减 {yuan(value)} 元", f"{yuan(value)} yuan off")
    if template.effect is Effect.PERCENT:
        most = template.max_off_fen
        cap = (
            Text(f"（最多 {yuan(most)} 元）", f" (at most {yuan(most)} yuan)") if most else NOTHING
        )
        return from_ + Text(f"减 {value}%", f"{value} % off") + cap
    if template.effect is Effect.GIFT:
        return from_ + Text(
            f"赠 {template.gift_sku} {value} 件", f"{value} of {template.gift_sku} for nothing"
        )
    cap = Text(f"（最多 {yuan(value)} 元）", f" (at most {yuan(value)} yuan)") if value else NOTHING
    return from_ + Text("免配送费", "free delivery") + cap


def _where(template: Template) -> list[Text]:
    scope = template.scope
    words = (
        (scope.stores, Text("门店：", "stores: ")),
        (scope.channels, Text("渠道：", "channels: ")),
        (scope.departments, Text("部门：", "departments: ")),
        (scope.categories, Text("品类：", "categories: ")),
        (scope.skus, Text("商品：", "articles: ")),
    )
    return [said + listed(names) for names, said in words if names]


def _limits(terms: Terms) -> list[Text]:
    each, total = terms.per_member, terms.total
    return [
        *([Text(f"每人限 {each} 张", f"{each} a member")] if each is not None else []),
        *([Text(f"限量 {total} 张", f"{total} in all")] if total is not None else []),
    ]
