"""Event: a member did something with properties as asked."""

from collections.abc import Iterable, Mapping

from campaign_service.triggers.domain import Fired, Midnight, Rule, all_hold, at, values_of
from contracts.behaviour import BehaviourSeen, Seen
from contracts.campaign.triggers import EventTrigger


def match(trigger: EventTrigger, seen: Seen, _: Midnight) -> Iterable[Fired]:
    """Of this name, on one of the channels."""
    if seen.name != trigger.name or (trigger.channels and seen.channel not in trigger.channels):
        return
    if all_hold(trigger.conditions, {"channel": seen.channel, **seen.properties}):
        yield at(seen.member_id, seen.occurred_at, values_of(seen))


def watches(trigger: EventTrigger) -> Mapping[str, int]:
    """Its name."""
    return {trigger.name: trigger.within_minutes}


RULE = Rule("event", BehaviourSeen, match, watches)
