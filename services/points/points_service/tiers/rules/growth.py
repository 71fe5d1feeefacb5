"""`growth`: the member's growth value, all of it."""

from points_service.tiers.rules.rule import Standing


def reached(standing: Standing, _months: int) -> int:
    """Growth value."""
    return standing.growth
