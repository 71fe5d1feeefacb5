"""`fixed`: `amount` points or growth for the deed as a whole, whatever was paid."""

from points_service.earning.rules.rule import PARTS, Effect


def at_once(effect: Effect, tier_percent: int) -> int:
    """Parts."""
    return effect.amount * (tier_percent if effect.by_tier else 100) * (PARTS // 100)
