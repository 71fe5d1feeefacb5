"""Keeps coming back over half a year: the nearest thing to affection that purchases show."""

from datetime import timedelta

from profile_service.tags.domain import Facts, Rule, Verdict, has, lacks, sure

LEAST_ORDERS = 12
LEAST_TENURE = timedelta(days=180)
FORGOTTEN_AFTER = timedelta(days=31)


def decide(facts: Facts) -> Verdict:
    orders = facts.spending.orders
    if orders < LEAST_ORDERS or facts.first_on is None or facts.last_on is None:
        return lacks()
    begins, ends = facts.first_on + LEAST_TENURE, facts.last_on + FORGOTTEN_AFTER
    if facts.today >= ends:
        return lacks()
    if facts.today < begins:
        return lacks(until=begins)
    return has(confidence=sure(orders), until=ends)


RULE = Rule(
    "attached", "emotional", "purchases", "Twelve orders over half a year, and still coming", decide
)
