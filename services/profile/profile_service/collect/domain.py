"""Whose an activity is, when it happened, and how activities add up. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from contracts.classification import Kind
from contracts.events import Provenance, SealedIdentifier

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


@dataclass(frozen=True, slots=True)
class Trait:
    """One trait as one message told it."""

    value: Any
    occurred_at: datetime
    message_key: int
    origin: Provenance | None = None  # a third party's

    @property
    def age(self) -> tuple[bool, datetime, int]:
        """The greater counts: a person's own word before a third party's, then the later; never
        equal for two messages."""
        return self.origin is None, self.occurred_at, self.message_key


@dataclass(frozen=True, slots=True)
class DayCount:
    """How many activities a subject has of a kind on a day, as columns.

    `last` is when the latest was, in microseconds since 1970; `kinds` are places in `named`:
    programme day, event, channel ("" for none).
    """

    subjects: list[int]
    kinds: list[int]
    numbers: list[int]
    last: list[int]
    named: list[tuple[date, str, str]]


@dataclass(frozen=True, slots=True)
class Window:
    """How often something was done in a channel ("" for none): ever, and on the last programme
    days."""

    event: str
    channel: str
    last_at: datetime
    total: int
    last_7_days: int
    last_30_days: int


TraitKey = tuple[int, str]  # subject, trait's name


def holder(identifiers: Sequence[SealedIdentifier]) -> str | None:
    """Whose an activity is that names no member: the index of the strongest identifier."""
    return min(identifiers, key=_strength).index if identifiers else None


def _strength(identifier: SealedIdentifier) -> tuple[int, str]:
    return STRENGTH[identifier.kind], identifier.index


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
