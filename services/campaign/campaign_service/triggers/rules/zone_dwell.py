"""Zone dwell: who has come into a zone is asked about minutes later, unless gone by then. A touch
point that measures by itself tells of the stay when it is over (`Zone Dwelled`, with minutes)."""

from collections.abc import Iterable, Mapping
from datetime import timedelta

from campaign_service.triggers.domain import Fired, Midnight, Rule, Wait, at, values_of
from contracts.behaviour import ZONE_DWELLED, ZONE_ENTERED, ZONE_LEFT, BehaviourSeen, Seen
from contracts.campaign.triggers import DwellTrigger


def match(trigger: DwellTrigger, seen: Seen, _: Midnight) -> Iterable[Fired]:
    """In one of the zones."""
    zone = seen.properties.get("zone")
    if not isinstance(zone, str) or (trigger.zones and zone not in trigger.zones):
        return
    if seen.name == ZONE_ENTERED:
        due_at = seen.occurred_at + timedelta(minutes=trigger.minutes)
        wait = Wait(due_at, zone, seen.occurred_at)
        yield Fired(seen.member_id, due_at, values_of(seen), wait)
    elif seen.name == ZONE_DWELLED and _minutes(seen) >= trigger.minutes:
        yield at(seen.member_id, seen.occurred_at, values_of(seen))


def _minutes(seen: Seen) -> float:
    told = seen.properties.get("minutes")
    return told if isinstance(told, int | float) else 0.0


def watches(trigger: DwellTrigger) -> Mapping[str, int]:
    """Coming, going, having been; coming is of use for longer, as the minutes are still to run."""
    names = (ZONE_ENTERED, ZONE_LEFT, ZONE_DWELLED)
    return dict.fromkeys(names, trigger.minutes + trigger.within_minutes)


RULE = Rule("zone_dwell", BehaviourSeen, match, watches)
