"""Comes once a week or more often, and still does."""

from datetime import timedelta

from profile_service.tags.domain import Facts, Rule, Verdict, has, lacks, sure

LEAST_ORDERS = 6
LONGEST_MEAN_GAP_DAYS = 7
FORGOTTEN_AFTER = timedelta(days=31)


def decide(facts: Facts) -> Verdict:
    orders = facts.spending.orders
    if orders < LEAST_ORDERS or facts.first_on is None or facts.last_on is None:
        return lacks()
    until = facts.last_on + FORGOTTEN_AFTER
    mean_gap = (facts.last_on - facts.first_on).days / (orders - 1)
    if mean_gap > LONGEST_MEAN_GAP_DAYS or facts.today >= until:
        return lacks()
    return has(confidence=sure(orders), until=until)


RULE = Rule(
    "frequent_buyer", "spending", "purchases", "At least six orders, a week or less apart", decide
)
