"""`store`: one of these."""

from points_service.earning.rules.rule import Condition, Deed


def holds(condition: Condition, deed: Deed) -> bool:
    """As told with the order or act."""
    return deed.store in condition.any_of
