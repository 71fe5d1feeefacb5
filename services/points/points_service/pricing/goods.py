"""Lines of a cart with what the catalogue says about them."""

from points_service.catalogue.domain import Goods
from points_service.pricing.rules.rule import Line

UNKNOWN = Goods()


def line(sku: str, quantity: int, list_fen: int, goods: Goods | None) -> Line:
    """A line; what nobody knows is in no department and no category."""
    about = goods or UNKNOWN
    return Line(sku, quantity, list_fen, about.department, about.category)
