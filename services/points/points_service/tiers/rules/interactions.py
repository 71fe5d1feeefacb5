"""`interactions`: check-ins, shares, questionnaires… in the last `months`."""

from points_service.tiers.rules.rule import Standing


def reached(standing: Standing, months: int) -> int:
    """Number of interactions."""
    return sum(month.interactions for month in standing.months[:months])
