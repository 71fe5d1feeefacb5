"""Kinds of tier condition. A new one: a file like its neighbours and a line here."""

from types import MappingProxyType

from points_service.tiers.rules import growth, month_spend, referrals
from points_service.tiers.rules.rule import Rule

CONDITIONS = MappingProxyType(
    {
        "growth": Rule(growth.reached),
        "month_spend": Rule(month_spend.reached, monthly=True),
        "referrals": Rule(referrals.reached),
    }
)
