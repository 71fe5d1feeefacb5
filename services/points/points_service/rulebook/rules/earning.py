"""What orders and acts bring."""

from collections.abc import Callable, Mapping
from datetime import datetime

from points_service.earning.domain import Limits, Rule
from points_service.earning.rules.birthday import MONTH
from points_service.earning.rules.rule import ORDER, Condition, Effect, Gives
from points_service.rulebook.domain import (
    NOTHING,
    Section,
    Text,
    joined,
    listed,
    per_cent,
    within,
    yuan,
)
from points_service.rulebook.facts import Facts, Told

UNITS = {Gives.POINTS: Text("积分", "points"), Gives.GROWTH: Text("成长值", "growth")}
ROUNDED = Text(
    "同一订单按各规则所得相加后，舍去小数。",
    "What the rules give for an order adds up and is rounded down to whole numbers.",
)
DAYS = ("周一 Monday", "周二 Tuesday", "周三 Wednesday", "周四 Thursday", "周五 Friday",
        "周六 Saturday", "周日 Sunday")  # fmt: skip


def section(facts: Facts) -> Section:
    """From the rules in force and the kinds of act."""
    found = [
        render(rule, told, facts)
        for rule, told in facts.earning
        if _in_force(rule, facts.now) and not told["paused"]
    ]
    rules = [*found, ROUNDED] if found else []
    return Section(
        "earning", Text("如何获得积分与成长值", "How points and growth are earned"), rules
    )


def _in_force(rule: Rule, now: datetime) -> bool:
    return rule.since <= now and (rule.until is None or now < rule.until)


def render(rule: Rule, told: Told, facts: Facts) -> Text:
    """A rule in words: name, what it gives, for what, how much at most, how long."""
    since = datetime.fromisoformat(told["valid_from"]) if told["valid_from"] else None
    until = datetime.fromisoformat(told["valid_until"]) if told["valid_until"] else None
    return (
        joined(
            [
                Text(f"{told['name']['zh']}：", f"{told['name']['en']}: ")
                + _effect(rule.effect)
                + _deed(rule.on, facts),
                *(CONDITIONS[each.kind](each) for each in rule.conditions),
                *_limits(rule.limits, UNITS[rule.effect.gives]),
                *([GIVEN_BACK] if rule.limits and rule.on == ORDER else []),
                *(
                    [Text("同组规则只取其一", "only one rule of its group applies")]
                    if rule.group
                    else []
                ),
            ]
        )
        + Text("。", ".")
        + within(since, until)
    )


def _effect(effect: Effect) -> Text:
    unit, amount = UNITS[effect.gives], per_cent(effect.amount)
    by_tier = Text("（按等级倍数）", " times the tier's rate") if effect.by_tier else NOTHING
    if effect.kind == "fixed":
        return Text(f"{effect.amount} {unit.zh}", f"{effect.amount} {unit.en}") + by_tier
    if effect.kind == "per_yuan":
        return (
            Text(f"每消费 1 元得 {amount} {unit.zh}", f"{amount} {unit.en} for each yuan paid")
            + by_tier
        )
    return Text(
        f"消费所得{unit.zh}为 {amount} 倍", f"{amount} times the {unit.en} of purchases"
    ) + (by_tier)


def _deed(on: str, facts: Facts) -> Text:
    if on == "order":
        return NOTHING
    name = facts.names(on)
    return Text(f"（{name['zh']}每次）", f" each time ({name['en']})")


def _limits(limits: Limits, unit: Text) -> list[Text]:
    words = (
        (limits.per_day, Text("每人每日最多", "a member a day at most")),
        (limits.per_member, Text("每人累计最多", "a member at most")),
        (limits.budget, Text("活动总量", "all members together at most")),
    )
    return [
        Text(f"{said.zh} {limit} {unit.zh}", f"{said.en} {limit} {unit.en}")
        for limit, said in words
        if limit is not None
    ]


def _amount(condition: Condition) -> Text:
    parts = []
    if condition.at_least is not None:
        least = yuan(condition.at_least)
        parts.append(Text(f"满 {least} 元", f"from {least} yuan"))
    if condition.at_most is not None:
        most = yuan(condition.at_most)
        parts.append(Text(f"不超过 {most} 元", f"up to {most} yuan"))
    return joined(parts)


def _dates(condition: Condition) -> Text:
    since, until = condition.since, condition.until
    return joined(
        [
            *([Text(f"自 {since}", f"from {since}")] if since else []),
            *([Text(f"至 {until}", f"to {until}")] if until else []),
        ],
        " ",
        " ",
    )


def _weekday(condition: Condition) -> Text:
    names = [DAYS[int(each) - 1].split() for each in sorted(condition.any_of)]
    return Text("、".join(zh for zh, _ in names), "on " + ", ".join(en for _, en in names))


def _birthday(condition: Condition) -> Text:
    if MONTH in condition.any_of:
        return Text("生日当月", "in the month of birth")
    return Text("生日当天", "on the birthday")


def _named(zh: str, en: str) -> Callable[[Condition], Text]:
    return lambda condition: Text(f"{zh}：", f"{en}: ") + listed(condition.any_of)


def _said(zh: str, en: str) -> Callable[[Condition], Text]:
    return lambda _condition: Text(zh, en)


GIVEN_BACK = Text("退款按比例退回上限", "refunds give back to these limits in proportion")
CONDITIONS: Mapping[str, Callable[[Condition], Text]] = {
    "amount": _amount,
    "birthday": _birthday,
    "brand": _named("品牌", "brand"),
    "category": _named("品类", "category"),
    "channel": _named("渠道", "channel"),
    "dates": _dates,
    "department": _named("部门", "department"),
    "first_purchase": _said("首次购物", "first purchase"),
    "sku": _named("商品", "article"),
    "store": _named("门店", "store"),
    "streak": lambda condition: Text(
        f"每连续 {condition.at_least} 天", f"every {condition.at_least} days in a row"
    ),
    "tag": _named("会员标签", "members with the tag"),
    "tier": _named("等级", "tier"),
    "weekday": _weekday,
}
