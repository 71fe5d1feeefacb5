"""Has bought within a week."""

from datetime import timedelta

from profile_service.tags.domain import Facts, Rule, Verdict, has, lacks

FORGOTTEN_AFTER = timedelta(days=8)


def decide(facts: Facts) -> Verdict:
    if facts.last_on is None or facts.today >= facts.last_on + FORGOTTEN_AFTER:
        return lacks()
    return has(until=facts.last_on + FORGOTTEN_AFTER)


RULE = Rule("recent_buyer", "lifecycle", "purchases", "Bought within the last seven days", decide)
