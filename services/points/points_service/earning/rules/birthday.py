"""`birthday`: on the day, or with "month" in the month of the member's birth."""

from points_service.earning.rules.rule import Condition, Deed

DAY, MONTH = "day", "month"
WHEN = frozenset({DAY, MONTH})


def holds(condition: Condition, deed: Deed) -> bool:
    """By the programme's calendar; 29 February is kept on the 28th in common years."""
    if MONTH in condition.any_of:
        return deed.local.month == deed.about.birth_month
    return deed.local.date() in deed.about.birthdays
