"""Every tag: one file a rule, one line here."""

from profile_service.tags.domain import Rule
from profile_service.tags.rules import (
    active,
    age_band,
    attached,
    big_basket,
    birthday_month,
    customer_group,
    favourite_department,
    frequent_buyer,
    high_value,
    lifecycle,
    multi_channel,
    preferred_channel,
    price_sensitive,
    recent_buyer,
    sharer,
    shopping_time,
    sleeping,
    window_shopper,
)

RULES: tuple[Rule, ...] = (
    age_band.RULE,
    birthday_month.RULE,
    high_value.RULE,
    frequent_buyer.RULE,
    big_basket.RULE,
    price_sensitive.RULE,
    favourite_department.RULE,
    preferred_channel.RULE,
    multi_channel.RULE,
    shopping_time.RULE,
    window_shopper.RULE,
    lifecycle.RULE,
    customer_group.RULE,
    recent_buyer.RULE,
    sleeping.RULE,
    active.RULE,
    sharer.RULE,
    attached.RULE,
)
