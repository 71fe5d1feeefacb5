"""`tag`: the member has one of these tags."""

from points_service.earning.rules.rule import Condition, Deed


def holds(condition: Condition, deed: Deed) -> bool:
    """As profile told it last."""
    return not condition.any_of.isdisjoint(deed.about.tags)
