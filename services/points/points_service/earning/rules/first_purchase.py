"""`first_purchase`: the member has not bought anything before."""

from points_service.earning.rules.rule import Condition, Deed


def holds(condition: Condition, deed: Deed) -> bool:
    """Before this order."""
    return deed.first_purchase
