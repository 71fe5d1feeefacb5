"""An order is rated by all rules together and rounded down once."""

from points_service.earning.rules import GROWTH, POINTS
from points_service.earning.rules.rule import PARTS, Purchase
from points_service.tiers.domain import Rung


def points(purchase: Purchase, rung: Rung) -> int:
    """Points of an order, for a member on that rung."""
    return sum(parts(purchase, rung) for parts in POINTS) // PARTS


def growth(purchase: Purchase) -> int:
    """Growth of an order; all of it counts as spend."""
    return sum(rule(purchase) for rule in GROWTH)
