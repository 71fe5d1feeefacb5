"""An amount off, spread over what is left of its goods."""

from points_service.coupons.domain import Template
from points_service.pricing.rules.rule import Question, Taken, over, spread


def take(template: Template, question: Question) -> Taken:
    """Never more than its goods still cost."""
    weights = [question.left.lines[n] for n in question.scope]
    parts = spread(min(template.value, sum(weights)), weights)
    return Taken(over(question.scope, parts, len(question.left.lines)))
