"""Where the member likes to buy."""

from profile_service.tags.domain import Facts, Rule, Verdict, has, lacks, leader, sure

LEAST_ORDERS = 3
LEAST_SHARE = 0.5


def decide(facts: Facts) -> Verdict:
    first = leader(facts.spending.by_channel)
    if facts.spending.orders < LEAST_ORDERS or first is None or first[1] < LEAST_SHARE:
        return lacks()
    channel, share = first
    return has(channel, confidence=share * sure(facts.spending.orders))


RULE = Rule(
    "preferred_channel", "interest", "purchases", "The channel of at least half the orders", decide
)
