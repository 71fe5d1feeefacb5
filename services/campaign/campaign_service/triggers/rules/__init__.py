"""Kinds of triggers: one file each, one line here (and a model in contracts' triggers).

Those without a rule: `daily` is the decisions' own job, `festival` this feature's.
"""

from campaign_service.triggers.domain import Rule
from campaign_service.triggers.rules import (
    back_in_stock,
    birthday,
    churn_risk,
    entered,
    event,
    left,
    points_expiring,
    referred,
    registered,
    store_entered,
    tier_changed,
    tier_warned,
    zone_dwell,
)

RULES: dict[str, Rule] = {
    each.RULE.kind: each.RULE
    for each in (
        entered,
        left,
        event,
        store_entered,
        zone_dwell,
        tier_changed,
        tier_warned,
        churn_risk,
        points_expiring,
        back_in_stock,
        birthday,
        registered,
        referred,
    )
}
