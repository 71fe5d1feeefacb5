"""The part of the day in which the member shops."""

from profile_service.purchases.domain import DAYPARTS
from profile_service.tags.domain import Facts, Rule, Verdict, has, lacks, leader, sure

LEAST_ORDERS = 3
LEAST_SHARE = 0.5


def decide(facts: Facts) -> Verdict:
    first = leader(facts.spending.by_daypart)
    if facts.spending.orders < LEAST_ORDERS or first is None or first[1] < LEAST_SHARE:
        return lacks()
    daypart, share = first
    return has(daypart, confidence=share * sure(facts.spending.orders))


RULE = Rule(
    "shopping_time", "interest", "purchases", "The part of the day of at least half the orders",
    decide, tuple(dict.fromkeys(DAYPARTS)),
)  # fmt: skip
