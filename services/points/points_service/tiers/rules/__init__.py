"""Kinds of tier condition. A new one: a file like its neighbours and a line here."""

from types import MappingProxyType

from points_service.tiers.rules import (
    frequency,
    growth,
    interactions,
    month_spend,
    referrals,
    social,
    spend,
)
from points_service.tiers.rules.rule import Rule

CONDITIONS = MappingProxyType(
    {
        "growth": Rule(growth.reached),
        "month_spend": Rule(month_spend.reached, monthly=True),
        "referrals": Rule(referrals.reached),
        "social": Rule(social.reached),
        "spend": Rule(spend.reached, windowed=True),
        "frequency": Rule(frequency.reached, windowed=True),
        "interactions": Rule(interactions.reached, windowed=True),
    }
)
