"""Tells others."""

from profile_service.tags.domain import Facts, Rule, Verdict, has, lacks, sure

SHARES = ("Product Shared", "Cart Shared", "Coupon Shared", "Invitation Sent")


def decide(facts: Facts) -> Verdict:
    shares = sum(facts.events.get(name, 0) for name in SHARES)
    return has(confidence=sure(shares)) if shares else lacks()


RULE = Rule("sharer", "social", "activities", "Has shared goods, a cart or an invitation", decide)
