"""Shows up other than by buying: views, visits, scans."""

from datetime import timedelta

from profile_service.tags.domain import Facts, Rule, Verdict, has, lacks, sure

FORGOTTEN_AFTER = timedelta(days=31)


def decide(facts: Facts) -> Verdict:
    if facts.seen_on is None or facts.today >= facts.seen_on + FORGOTTEN_AFTER:
        return lacks()
    events = sum(facts.events.values())
    return has(confidence=sure(events), until=facts.seen_on + FORGOTTEN_AFTER)


RULE = Rule("active", "social", "activities", "Seen within the last 30 days", decide)
