"""Fewer than two purchases in a year, once there was time for two."""

from datetime import timedelta

from profile_service.tags.domain import Facts, Rule, Verdict, has, lacks

YEAR = timedelta(days=365)
TIME_TO_SETTLE = timedelta(days=90)


def decide(facts: Facts) -> Verdict:
    asleep_from = facts.registered_on + TIME_TO_SETTLE
    if facts.previous_on is not None:
        asleep_from = max(asleep_from, facts.previous_on + YEAR)
    return has() if facts.today >= asleep_from else lacks(until=asleep_from)


RULE = Rule(
    "sleeping", "lifecycle", "purchases", "Fewer than two orders in 365 days, known for 90", decide
)
