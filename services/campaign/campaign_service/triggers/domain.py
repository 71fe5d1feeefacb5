"""What a trigger makes of what happened; pure. Rules say which happenings, one file a kind."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

from contracts.behaviour import Seen
from contracts.campaign.triggers import AnyTrigger, PropertyCondition

Midnight = Callable[[date], datetime]  # the first moment of a programme day
Values = dict[str, Any]  # of a text, as contracts.templates.Values has them
MOST_GOODS = 5


@dataclass(frozen=True, slots=True)
class Wait:
    """Not now: at `due_at`, if the member has not left `zone` since `since` (no zone: whatever
    happens)."""

    due_at: datetime
    zone: str = ""
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Fired:
    """A member is to be asked about. `occasion`: what for, as a moment."""

    member_id: UUID
    occasion: datetime
    values: Values = field(default_factory=dict)
    wait: Wait | None = None

    def waits(self, now: datetime) -> bool:
        """Whether to ask later; whether a zone was left is looked up when the wait is over."""
        return self.wait is not None and (bool(self.wait.zone) or self.wait.due_at > now)


@dataclass(frozen=True, slots=True)
class Rule:
    """A kind of trigger. `match` of a trigger and one happening (an event, or one that somebody
    was seen at) says whom to ask about; `watches`: names of collected events that profile has to
    tell of, each with the minutes after which it is of no use."""

    kind: str
    hears: type[Any]
    match: Callable[[Any, Any, Midnight], Iterable[Fired]]
    watches: Callable[[Any], Mapping[str, int]] = lambda _: {}


@dataclass(frozen=True, slots=True)
class Armed:
    """A running campaign's trigger."""

    campaign_id: UUID
    trigger: AnyTrigger


def at(member_id: UUID, moment: datetime, values: Values | None = None) -> Fired:
    """What happened at a moment is asked about for that moment."""
    return Fired(member_id, moment, values or {})


def all_hold(conditions: Sequence[PropertyCondition], properties: Mapping[str, Any]) -> bool:
    """Whether a happening's properties are as asked; one that is not there is not."""
    return all(_holds(each, properties.get(each.property)) for each in conditions)


def _holds(condition: PropertyCondition, value: Any) -> bool:
    if value is None or (condition.one_of and str(value) not in condition.one_of):
        return False
    if condition.at_least is None and condition.at_most is None:
        return True
    if not isinstance(value, int | float):
        return False
    low = condition.at_least is None or value >= condition.at_least
    return low and (condition.at_most is None or value <= condition.at_most)


def values_of(seen: Seen) -> Values:
    """What a text can say of what a member did: goods, store, place, topic, activity."""
    told = seen.properties
    values: Values = {}
    if name := told.get("name"):
        values["goods"] = [{"title": name}]
    for variable, properties in _WORDS.items():
        if word := next((told[each] for each in properties if each in told), None):
            values[variable] = word
    return values


_WORDS = {
    "store": ("store_name",),
    "place": ("zone", "store_name"),
    "topic": ("topic", "category"),
    "activity": ("activity",),
}
