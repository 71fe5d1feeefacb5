"""`weekday`: on one of these days, "1" (Monday) to "7" (Sunday)."""

from points_service.earning.rules.rule import Condition, Deed


def holds(condition: Condition, deed: Deed) -> bool:
    """By the programme's calendar."""
    return str(deed.local.isoweekday()) in condition.any_of
