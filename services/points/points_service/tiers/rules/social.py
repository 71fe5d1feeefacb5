"""`social`: social and green deeds (a share in a challenge, bring-back, recycling)."""

from points_service.tiers.rules.rule import Standing


def reached(standing: Standing, _months: int) -> int:
    """Number of deeds."""
    return standing.social
