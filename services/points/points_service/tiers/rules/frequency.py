"""`frequency`: orders in the last `months`."""

from points_service.tiers.rules.rule import Standing


def reached(standing: Standing, months: int) -> int:
    """Number of orders."""
    return sum(month.orders for month in standing.months[:months])
