"""`spend`: fen paid in the last `months`."""

from points_service.tiers.rules.rule import Standing


def reached(standing: Standing, months: int) -> int:
    """Fen."""
    return sum(month.fen for month in standing.months[:months])
