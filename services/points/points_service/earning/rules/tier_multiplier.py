"""Points: the paid yuan times the percentage of the member's tier."""

from points_service.earning.rules.rule import Purchase
from points_service.tiers.domain import Rung


def parts(purchase: Purchase, rung: Rung) -> int:
    """Ten-thousandths of a point, so that rules add up before anything is rounded."""
    return purchase.paid_fen * rung.points_percent
