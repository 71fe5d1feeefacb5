"""`multiplier`: what per-yuan rules give for the rule's goods, `amount` percent of it in all.

200 doubles: it adds as much again. Two multipliers add up (×2 and ×3 make ×4), unless they are of
one stacking group.
"""

from points_service.earning.rules.rule import Effect


def times(effect: Effect, parts: int) -> int:
    """Parts to be added."""
    return parts * (effect.amount - 100) // 100
