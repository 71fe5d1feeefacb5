"""What of an event is told: properties that identify nobody, by the names all are told by."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from contracts.behaviour import BACK_IN_STOCK
from contracts.sealed import TOKENS, is_token

LONGEST_TEXT = 100
_BY = {
    "sku": ("sku", "product_id"),
    "category": ("category",),
    "brand": ("brand",),
    "price": ("price",),
    "quantity": ("quantity",),
    "revenue": ("revenue", "total"),
    "value": ("value",),
    "store": ("store", "store_id"),
    "zone": ("zone", "zone_id"),
    "minutes": ("minutes",),
    "activity": ("activity",),
    "topic": ("topic",),
}
_NUMBERS = frozenset({"price", "quantity", "revenue", "value", "minutes"})
Told = str | float
Properties = dict[str, Any]  # as contracts.behaviour.Seen has them


@dataclass(frozen=True, slots=True)
class Watched:
    """What is waited for: minutes by the name of an event."""

    minutes: Mapping[str, int] = field(default_factory=dict)

    @property
    def events(self) -> Collection[str]:
        """Names of events; a good that is there again is none."""
        return self.minutes.keys() - {BACK_IN_STOCK}

    @property
    def longest(self) -> int:
        """Minutes after which no event is of any use; 0 where none is waited for."""
        return max((self.minutes[name] for name in self.events), default=0)


@dataclass(frozen=True, slots=True)
class Happened:
    """Something that a subject did, as it was collected."""

    subject: int
    name: str
    at: datetime
    channel: str | None
    properties: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Place:
    """What is known of a store; `nearby` are names of others of its mall, or else of its city."""

    name: str | None
    city: str | None
    mall: str | None
    nearby: Sequence[str]


def chosen(given: Mapping[str, Any]) -> dict[str, Told]:
    """What may be told: short texts in the clear, and numbers, of the properties that are known."""
    found: dict[str, Told] = {}
    for name, spellings in _BY.items():
        for spelling in spellings:
            value = given.get(spelling)
            told = _number(value) if name in _NUMBERS else _text(value)
            if told is not None:
                found[name] = told
                break
    if "minutes" not in found and (seconds := _number(given.get("seconds"))) is not None:
        found["minutes"] = seconds / 60
    return found


def complete(
    told: Mapping[str, Told],
    goods: Mapping[str, Mapping[str, str | None]],
    stores: Mapping[str, Place],
) -> Properties:
    """With what the catalogue says: of goods (its word counts), and of the store."""
    found: Properties = dict(told)
    for name, value in goods.get(str(told.get("sku")), {}).items():
        if value:
            found[name] = value[:LONGEST_TEXT]
    place = stores.get(str(told.get("store")))
    if place is not None:
        words = {"store_name": place.name, "city": place.city, "mall": place.mall}
        found |= {name: word[:LONGEST_TEXT] for name, word in words.items() if word}
        if place.nearby:
            found["nearby"] = [name[:LONGEST_TEXT] for name in place.nearby if name]
    return found


def wanted(names: Collection[str], of: Sequence[tuple[str, str | None]]) -> list[int]:
    """Places of those pairs of event and channel whose event is waited for."""
    return [place for place, (event, _) in enumerate(of) if event in names]


def _text(value: Any) -> str | None:
    if not isinstance(value, str) or not 0 < len(value) <= LONGEST_TEXT:
        return None
    return None if is_token(value) or TOKENS.search(value) else value


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value)
