"""`dates`: on a programme day from `since` to `until`, both included, either may be open."""

from datetime import date

from points_service.earning.rules.rule import Condition, Deed


def holds(condition: Condition, deed: Deed) -> bool:
    """By the day it happened."""
    day = deed.local.date()
    return (condition.since or date.min) <= day <= (condition.until or date.max)
