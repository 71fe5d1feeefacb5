"""Where most of the money goes."""

from profile_service.tags.domain import Facts, Rule, Verdict, has, lacks, leader

LEAST_ORDERS = 2
LEAST_SHARE = 0.25


def decide(facts: Facts) -> Verdict:
    first = leader(facts.spending.by_department)
    if facts.spending.orders < LEAST_ORDERS or first is None or first[1] < LEAST_SHARE:
        return lacks()
    department, share = first
    return has(department, confidence=min(share, 1.0))


RULE = Rule(
    "favourite_department", "interest", "purchases", "The department with most of the money", decide
)
