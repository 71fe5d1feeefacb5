"""Buys with coupons."""

from profile_service.tags.domain import Facts, Rule, Verdict, has, lacks, sure

LEAST_ORDERS = 3
MEDIUM, HIGH = 0.1, 0.3


def decide(facts: Facts) -> Verdict:
    orders = facts.spending.orders
    if orders < LEAST_ORDERS:
        return lacks()
    share = facts.spending.coupon_orders / orders
    if share < MEDIUM:
        return lacks()
    return has("high" if share >= HIGH else "medium", confidence=sure(orders))


RULE = Rule(
    "price_sensitive", "spending", "purchases", "A tenth (medium) or 30 % (high) with coupons",
    decide, ("medium", "high"),
)  # fmt: skip
