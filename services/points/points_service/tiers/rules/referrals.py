"""`referrals`: members this one brought."""

from points_service.tiers.rules.rule import Standing


def reached(standing: Standing) -> int:
    """Number of members."""
    return standing.referrals
