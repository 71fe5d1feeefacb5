"""`sku`: the lines with one of these articles."""

from points_service.catalogue.domain import Goods
from points_service.earning.rules.rule import Condition


def matches(condition: Condition, sku: str, goods: Goods) -> bool:
    """By article number."""
    return sku in condition.any_of
