"""`month_spend`: fen paid in the month."""

from points_service.tiers.rules.rule import Standing


def reached(standing: Standing, _months: int) -> int:
    """Fen."""
    return standing.month_fen
