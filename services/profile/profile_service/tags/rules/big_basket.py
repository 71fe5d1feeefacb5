"""Spends much at a time."""

from profile_service.tags.domain import Facts, Rule, Verdict, has, lacks, sure

LEAST_ORDERS = 3
LEAST_MEAN_FEN = 6_000


def decide(facts: Facts) -> Verdict:
    orders = facts.spending.orders
    if orders < LEAST_ORDERS or facts.spending.net_fen < LEAST_MEAN_FEN * orders:
        return lacks()
    return has(confidence=sure(orders))


RULE = Rule("big_basket", "spending", "purchases", "60 yuan or more an order on average", decide)
