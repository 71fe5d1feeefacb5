"""`brand`: the lines whose article is of one of these."""

from points_service.catalogue.domain import Goods
from points_service.earning.rules.rule import Condition


def matches(condition: Condition, sku: str, goods: Goods) -> bool:
    """As the catalogue says today."""
    return goods.brand in condition.any_of
