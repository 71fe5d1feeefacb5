"""`birthday`: in the month of the member's birth; the day is never known here."""

from points_service.earning.rules.rule import Condition, Deed


def holds(condition: Condition, deed: Deed) -> bool:
    """By the programme's calendar."""
    return deed.local.month == deed.about.birth_month
