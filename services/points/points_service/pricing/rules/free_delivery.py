"""The delivery fee, or a part of it."""

from points_service.coupons.domain import Template
from points_service.pricing.rules.rule import Amounts, Question, Taken


def take(template: Template, question: Question) -> Taken:
    """A value of 0 means the whole fee."""
    fee = question.left.delivery
    off = min(fee, template.value) if template.value else fee
    return Taken(Amounts((0,) * len(question.left.lines), off))
