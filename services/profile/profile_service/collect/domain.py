"""Whose an activity is, when it happened, and how activities add up. Pure."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from hashlib import blake2b
from typing import Any, NamedTuple
from uuid import UUID

from contracts.classification import Kind
from contracts.events import Activity, SealedIdentifier

# A message that names several identifiers is counted for the strongest: the one most surely a
# person's. It depends on the message only, so that every delivery agrees; identity links the rest.
STRENGTH = {
    kind: place
    for place, kind in enumerate(
        (
            Kind.PHONE,
            Kind.CARD_NO,
            Kind.WECHAT_UNIONID,
            Kind.MINIPROGRAM_OPENID,
            Kind.WECHAT_OPENID,
            Kind.ECOMMERCE_ACCOUNT,
            Kind.DOUYIN_ID,
            Kind.EMAIL,
            Kind.EXTERNAL,
            Kind.DEVICE_ID,
        )
    )
}
EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
CLOCK_SLACK = timedelta(days=1)


class Collected(NamedTuple):
    """A stored activity. `subject` is None where the message said nothing about whom."""

    subject: int | None
    occurred_at: datetime
    message_key: int
    event: str
    channel: str | None
    properties: Any


@dataclass(frozen=True, slots=True)
class Trait:
    """One trait as one message told it."""

    value: Any
    occurred_at: datetime
    message_key: int

    @property
    def age(self) -> tuple[datetime, int]:
        """The greater, the later; never equal for two messages."""
        return self.occurred_at, self.message_key


DayKey = tuple[date, str, str, int]  # programme day, event, channel ("" for none), subject
TraitKey = tuple[int, str]  # subject, trait's name


def message_key(message_id: str) -> int:
    """A messageId as 64 bits: a thousand million of them are all different in 97 % of worlds."""
    return int.from_bytes(blake2b(message_id.encode(), digest_size=8).digest(), "big", signed=True)


def holder(activity: Activity) -> UUID | str | None:
    """Whose activity this is: the member named, or the index of the strongest identifier."""
    if activity.member_id is not None:
        return activity.member_id
    identifiers = activity.identifiers
    if len(identifiers) == 1:
        return identifiers[0].index
    return min(identifiers, key=_strength).index if identifiers else None


def _strength(identifier: SealedIdentifier) -> tuple[int, str]:
    return STRENGTH[identifier.kind], identifier.index


def happened(activity: Activity, received_at: datetime) -> datetime:
    """When it happened; a time no honest clock would tell becomes the time of receipt."""
    if EARLIEST <= activity.occurred_at <= received_at + CLOCK_SLACK:
        return activity.occurred_at
    return received_at


def name_of(activity: Activity) -> str:
    """The event's name; messages without one (identify, alias, group) go by their type."""
    return activity.event or activity.type


def days(
    rows: Iterable[Collected], day_of: Callable[[datetime], date]
) -> dict[DayKey, tuple[int, datetime]]:
    """How many activities each day, event, channel and subject has, and when the last was."""
    counts: dict[DayKey, tuple[int, datetime]] = {}
    for subject, at, _key, event, channel, _properties in rows:
        if subject is not None:
            key = (day_of(at), event, channel or "", subject)
            n, last = counts.get(key, (0, at))
            counts[key] = (n + 1, at if at > last else last)
    return counts


def latest(told: Iterable[tuple[TraitKey, Trait]]) -> Mapping[TraitKey, Trait]:
    """Of each trait what was told last."""
    kept: dict[TraitKey, Trait] = {}
    for key, trait in told:
        if key not in kept or kept[key].age < trait.age:
            kept[key] = trait
    return kept


@dataclass(frozen=True, slots=True)
class Behaviour:
    """Activities of one person: how often each named one happened, and when the last did."""

    events: Mapping[str, int]
    last_at: datetime

    def __add__(self, other: "Behaviour") -> "Behaviour":
        events = dict(self.events)
        for name, n in other.events.items():
            events[name] = events.get(name, 0) + n
        return Behaviour(events, max(self.last_at, other.last_at))
