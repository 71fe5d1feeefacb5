"""The one group that a member counts to: new, active, high-value or sleeping."""

from datetime import timedelta

from profile_service.tags.domain import Facts, Rule, Verdict, has
from profile_service.tags.rules import high_value, sleeping

GROUPS = ("new", "active", "high_value", "sleeping")
YEAR = timedelta(days=365)
NEW_FOR = timedelta(days=30)


def decide(facts: Facts) -> Verdict:
    ahead = "high_value" if high_value.decide(facts).given else None
    settled = (facts.first_on or facts.registered_on) + NEW_FOR
    if facts.today < settled:  # who has just begun is not asleep, however long registered
        return has(ahead or "new", until=settled)
    asleep = sleeping.decide(facts)
    if asleep.given:
        return has("sleeping")
    until = asleep.until
    twice = facts.previous_on is not None and facts.today < facts.previous_on + YEAR
    if facts.previous_on is not None and twice and until is not None:
        until = min(until, facts.previous_on + YEAR)  # where orders are older than membership
    return has(ahead or ("active" if twice else "new"), until=until)


RULE = Rule(
    "customer_group", "lifecycle", "purchases",
    "New: first 30 days, 90 for a second order; sleeping: < 2 orders a year; top fifth; active",
    decide, GROUPS,
)  # fmt: skip
