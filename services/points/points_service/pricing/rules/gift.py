"""Pieces for nothing: those in the cart lose their price, the rest is handed out on top."""

from points_service.coupons.domain import Template
from points_service.pricing.rules.rule import Amounts, Question, Taken


def take(template: Template, question: Question) -> Taken:
    """A piece costs its share of the line, rounded down."""
    sku, pieces = template.gift_sku or "", template.value
    amounts = [0] * len(question.left.lines)
    for place, line in enumerate(question.cart.lines):
        free = min(pieces, line.quantity) if line.sku == sku else 0
        if free:
            worth = question.base.lines[place] * free // line.quantity
            amounts[place] = min(worth, question.left.lines[place])
            pieces -= free
    return Taken(Amounts(tuple(amounts)), ((sku, pieces),) if pieces else ())
