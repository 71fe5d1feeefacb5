"""Tier warned: a tier will be lost unless something is done."""

from collections.abc import Iterable

from campaign_service.triggers.domain import Fired, Midnight, Rule
from contracts.campaign.triggers import TierWarnedTrigger
from contracts.points_events import TierWarned


def match(trigger: TierWarnedTrigger, event: TierWarned, midnight: Midnight) -> Iterable[Fired]:
    """The occasion is the day of the review that would take it."""
    for member, tier, following in event.members:
        if not trigger.tiers or tier in trigger.tiers:
            values = {"tier": following, "previous_tier": tier, "expires_on": str(event.day)}
            yield Fired(member, midnight(event.day), values)


RULE = Rule("tier_warned", TierWarned, match)
