"""Growth: 1 per whole yuan paid."""

from points_service.earning.rules.rule import Purchase


def growth(purchase: Purchase) -> int:
    """Whole yuan."""
    return purchase.paid_fen // 100
