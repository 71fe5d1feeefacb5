"""Acts among collected behaviour, and whose identifiers are.

Nearly all activities are none of our business, so they are decoded only as far as it takes to see
that: most of a message is skipped, identifiers stay raw.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import ClassVar
from uuid import UUID

import msgspec

from chassis.bus import Subscription
from chassis.database import Tx
from contracts.classification import Kind
from contracts.events import ActivityBatch, IdentifierLinked
from points_service.acts import repository, use_cases
from points_service.acts.domain import STRENGTH, happened
from points_service.acts.repository import Parked
from points_service.programme import Programme

TELLING = frozenset({"identify", "alias"})  # say on purpose which identifiers are one person's


class Mark(msgspec.Struct, frozen=True, gc=False):
    """An identifier of an activity."""

    kind: Kind
    index: str


class Told(msgspec.Struct, frozen=True, gc=False):
    """An activity, as far as we look."""

    message_id: str
    type: str
    occurred_at: datetime
    event: str | None = None
    member_id: UUID | None = None
    channel: str | None = None
    identifiers: msgspec.Raw = msgspec.Raw(b"[]")

    def holders(self, marks: Sequence[Mark]) -> tuple[str | None, set[str]]:
        """Who did it (the member named, or the strongest identifier), and on which devices."""
        by_strength = sorted(marks, key=lambda mark: STRENGTH[mark.kind])
        named = by_strength[0].index if by_strength else None
        if self.member_id:
            named = f"member:{self.member_id}"
        devices = {mark.index for mark in marks if mark.kind is Kind.DEVICE_ID}
        return named, devices - {named}


class Collected(msgspec.Struct, frozen=True):
    """`ActivityBatch`, as far as we look."""

    subject: ClassVar[str] = ActivityBatch.subject
    received_at: datetime
    activities: list[Told]


_marks = msgspec.json.Decoder(list[Mark])


def subscriptions(programme: Programme) -> list[Subscription]:
    """Who listens to what."""

    async def collected(tx: Tx, batches: Sequence[Collected]) -> None:
        events = (await use_cases.customs(tx, programme)).by_event
        acts: list[Parked] = []
        sightings: set[tuple[str, str]] = set()
        for told, received_at, kind in _ours(batches, events):
            holder, devices = told.holders(_marks.decode(told.identifiers))
            if holder is None:
                continue
            sightings |= {(holder, device) for device in devices}
            if kind:
                at = happened(told.occurred_at, received_at)
                acts.append(Parked(kind, told.message_id, holder, at, told.channel, None))
        if sightings:
            await repository.sight(tx, sightings)
        if acts:
            await use_cases.wait_or_count(tx, programme, acts)

    async def linked(tx: Tx, events: Sequence[IdentifierLinked]) -> None:
        owners = {event.index: event.member_id for event in events}
        await repository.link(tx, owners)
        await use_cases.release(tx, programme, owners)

    # Merges that a link was told after move it to the survivor as well.
    return [Subscription(Collected, collected), Subscription(IdentifierLinked, linked, early=True)]


def _ours(
    batches: Sequence[Collected], events: dict[str, str]
) -> Iterator[tuple[Told, datetime, str | None]]:
    """Acts with their kind; and what tells who uses which device."""
    for batch in batches:
        for told in batch.activities:
            if told.event in events and told.type == "track":
                yield told, batch.received_at, events[told.event]
            elif told.type in TELLING:
                yield told, batch.received_at, None
