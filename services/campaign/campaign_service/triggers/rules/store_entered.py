"""Store entered: the text can name shops nearby, as goods."""

from collections.abc import Iterable, Mapping

from campaign_service.triggers.domain import MOST_GOODS, Fired, Midnight, Rule, at
from contracts.behaviour import STORE_ENTERED, BehaviourSeen, Seen
from contracts.campaign.triggers import StoreEnteredTrigger


def match(trigger: StoreEnteredTrigger, seen: Seen, _: Midnight) -> Iterable[Fired]:
    """Into one of the stores; `place` is its mall, or its city."""
    told = seen.properties
    store = told.get("store")
    if seen.name not in STORE_ENTERED or (trigger.stores and store not in trigger.stores):
        return
    nearby = told.get("nearby", [])
    names = nearby[:MOST_GOODS] if isinstance(nearby, list) else []
    words = {"store": told.get("store_name"), "place": told.get("mall") or told.get("city")}
    values = {name: word for name, word in words.items() if word}
    goods = {"goods": [{"title": name} for name in names]} if names else {}
    yield at(seen.member_id, seen.occurred_at, {**values, **goods})


def watches(trigger: StoreEnteredTrigger) -> Mapping[str, int]:
    """Two names for the same."""
    return dict.fromkeys(STORE_ENTERED, trigger.within_minutes)


RULE = Rule("store_entered", BehaviourSeen, match, watches)
