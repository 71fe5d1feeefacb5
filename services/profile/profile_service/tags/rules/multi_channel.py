"""Buys in more than one channel."""

from profile_service.tags.domain import Facts, Rule, Verdict, has, lacks


def decide(facts: Facts) -> Verdict:
    return has() if len(facts.spending.by_channel) > 1 else lacks()


RULE = Rule("multi_channel", "interest", "purchases", "Buys in two channels or more", decide)
