"""Kinds of condition and effect. A new one: a file like its neighbours and a line here."""

from types import MappingProxyType

from points_service.earning.rules import amount as amounts
from points_service.earning.rules import (
    birthday,
    brand,
    category,
    channel,
    dates,
    department,
    first_purchase,
    fixed,
    multiplier,
    per_yuan,
    sku,
    store,
    streak,
    tag,
    tier,
    weekday,
)
from points_service.earning.rules.rule import ConditionKind, EffectKind

_NAMES = frozenset({"any_of"})

CONDITIONS = MappingProxyType(
    {
        "amount": ConditionKind(frozenset({"at_least", "at_most"}), paid=amounts.within),
        "birthday": ConditionKind(
            takes=_NAMES, among=birthday.WHEN, holds=birthday.holds, about=True
        ),
        "brand": ConditionKind(_NAMES, matches=brand.matches),
        "category": ConditionKind(_NAMES, matches=category.matches),
        "channel": ConditionKind(_NAMES, holds=channel.holds),
        "dates": ConditionKind(frozenset({"since", "until"}), holds=dates.holds),
        "department": ConditionKind(_NAMES, matches=department.matches),
        "first_purchase": ConditionKind(holds=first_purchase.holds),
        "sku": ConditionKind(_NAMES, matches=sku.matches),
        "store": ConditionKind(_NAMES, holds=store.holds),
        "streak": ConditionKind(frozenset({"at_least"}), holds=streak.holds),
        "tag": ConditionKind(_NAMES, holds=tag.holds, about=True),
        "tier": ConditionKind(_NAMES, holds=tier.holds),
        "weekday": ConditionKind(_NAMES, holds=weekday.holds),
    }
)
EFFECTS = MappingProxyType(
    {
        "fixed": EffectKind(at_once=fixed.at_once),
        "per_yuan": EffectKind(a_fen=per_yuan.a_fen),
        "multiplier": EffectKind(times=multiplier.times),
    }
)
PURCHASE = frozenset(
    {"amount", "brand", "category", "channel", "dates", "department", "sku", "store", "weekday"}
)
"""Conditions that need nothing but the order."""
