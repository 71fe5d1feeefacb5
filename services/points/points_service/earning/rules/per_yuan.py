"""`per_yuan`: `amount` percent of what was paid for the rule's goods (100: one a yuan)."""

from points_service.earning.rules.rule import PARTS, Effect


def a_fen(effect: Effect, tier_percent: int) -> int:
    """Parts for each fen."""
    return effect.amount * (tier_percent if effect.by_tier else 100) * (PARTS // 10**6)
