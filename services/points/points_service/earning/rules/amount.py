"""`amount`: fen paid for the rule's goods, `at_least` and `at_most`, either may be open."""

from points_service.earning.rules.rule import Condition


def within(condition: Condition, fen: int) -> bool:
    """Both limits are included."""
    low, high = condition.at_least, condition.at_most
    return (low is None or fen >= low) and (high is None or fen <= high)
