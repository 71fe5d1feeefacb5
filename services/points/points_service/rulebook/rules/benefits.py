"""Benefits of tiers: what each is, and how it is applied for."""

from points_service.benefits.domain import Benefit, Terms
from points_service.rulebook.domain import Section, Text, joined, listed, yuan
from points_service.rulebook.facts import Facts


def section(facts: Facts) -> Section:
    """From the catalogue."""
    catalogue = facts.benefits
    found = [render(catalogue[name]) for name in sorted(catalogue) if catalogue[name].active]
    return Section("benefits", Text("权益", "Benefits"), found)


def render(benefit: Benefit) -> Text:
    """A benefit in words."""
    parts = [
        Text(f"{benefit.zh[0]}：{benefit.zh[1]}", f"{benefit.en[0]}: {benefit.en[1]}"),
        *(_application(benefit.application) if benefit.application else []),
        *([_channels("须在以下渠道购物：", "after a purchase in: ", benefit.earned_in)]
          if benefit.earned_in else []),
        *([_channels("使用渠道：", "used in: ", benefit.used_in)] if benefit.used_in else []),
    ]  # fmt: skip
    parts = [Text(each.zh.rstrip("。"), each.en.rstrip(".")) for each in parts]
    return joined(parts, "；", "; ") + Text("。", ".")


def _channels(zh: str, en: str, channels: frozenset[str]) -> Text:
    return Text(zh, en) + listed(channels)


def _application(terms: Terms) -> list[Text]:
    least = yuan(terms.order_from_fen)
    return [
        Text(
            f"需申请，{terms.hours} 小时内办理",
            f"applied for, fulfilled within {terms.hours} hours",
        ),
        *([Text("地区：", "areas: ") + listed(terms.areas)] if terms.areas else []),
        *(
            [Text(f"订单满 {least} 元", f"orders from {least} yuan")]
            if terms.order_from_fen
            else []
        ),
    ]
