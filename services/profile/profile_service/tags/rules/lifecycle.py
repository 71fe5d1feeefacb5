"""Where a member stands between the first order and the last."""

from datetime import timedelta

from profile_service.tags.domain import Facts, Rule, Verdict, has

STAGES = ("prospect", "new", "growing", "mature", "silent", "lost")
SILENT_AFTER = timedelta(days=31)
LOST_AFTER = timedelta(days=91)
NEW_FOR = timedelta(days=30)
MATURE_AFTER = timedelta(days=90)
MATURE_ORDERS = 12


def decide(facts: Facts) -> Verdict:
    first, last, today = facts.first_on, facts.last_on, facts.today
    if first is None or last is None:
        return has("prospect")
    silent_from, lost_from = last + SILENT_AFTER, last + LOST_AFTER
    if today >= silent_from:
        return has("lost") if today >= lost_from else has("silent", until=lost_from)
    settled = facts.spending.orders >= MATURE_ORDERS
    if today < first + NEW_FOR:
        stage, ends = "new", first + NEW_FOR
    elif settled and today < first + MATURE_AFTER:
        stage, ends = "growing", first + MATURE_AFTER
    else:
        stage, ends = "mature" if settled else "growing", silent_from
    return has(stage, until=min(ends, silent_from))


RULE = Rule(
    "lifecycle", "lifecycle", "purchases",
    "Not bought yet; first order < 30 days ago; buying; 12 orders and 90 days; 31+, 91+ days away",
    decide, STAGES,
)  # fmt: skip
