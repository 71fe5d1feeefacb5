"""`growth`: the member's growth value, all of it."""

from points_service.tiers.rules.rule import Standing


def reached(standing: Standing) -> int:
    """Growth value."""
    return standing.growth
