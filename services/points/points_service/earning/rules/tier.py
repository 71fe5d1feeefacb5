"""`tier`: one of these."""

from points_service.earning.rules.rule import Condition, Deed


def holds(condition: Condition, deed: Deed) -> bool:
    """The tier before it."""
    return deed.tier in condition.any_of
