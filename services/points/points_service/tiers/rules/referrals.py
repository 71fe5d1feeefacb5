"""`referrals`: members this one brought."""

from points_service.tiers.rules.rule import Standing


def reached(standing: Standing, _months: int) -> int:
    """Number of members."""
    return standing.referrals
