"""Percent off the tier price, rounded down line by line, at most so much in all."""

from points_service.coupons.domain import Template
from points_service.pricing.rules.rule import Question, Taken, over, spread


def take(template: Template, question: Question) -> Taken:
    """Each line gives its own percent, as far as there is something left of it."""
    base, left = question.base.lines, question.left.lines
    parts = [min(base[n] * template.value // 100, left[n]) for n in question.scope]
    most = template.max_off_fen
    if most is not None and sum(parts) > most:
        parts = spread(most, parts)
    return Taken(over(question.scope, parts, len(base)))
