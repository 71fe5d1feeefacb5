"""Tier changed: up, down, from and to where."""

from collections.abc import Iterable

from campaign_service.triggers.domain import Fired, Midnight, Rule, at
from contracts.campaign.triggers import TierChangedTrigger
from contracts.events import TierChanged


def match(trigger: TierChangedTrigger, event: TierChanged, _: Midnight) -> Iterable[Fired]:
    """Where the way matters, only changes that say which way they went."""
    if trigger.from_tiers and event.previous not in trigger.from_tiers:
        return
    if trigger.to_tiers and event.tier not in trigger.to_tiers:
        return
    if trigger.direction not in ("any", event.direction):
        return
    values = {"tier": event.tier, "previous_tier": event.previous}
    yield at(event.member_id, event.changed_at, values)


RULE = Rule("tier_changed", TierChanged, match)
