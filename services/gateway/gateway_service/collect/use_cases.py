"""Take messages: seal, put aside what is bad, publish the rest as one message, answer."""

import asyncio
import re
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import cast
from uuid import UUID

import msgspec

from chassis import tracing
from chassis.bus import AWAY, Bus
from chassis.clock import local_date
from chassis.database import Database, Tx
from chassis.problem import Problem
from contracts.classification import Kind
from contracts.collect import MessageType
from contracts.events import Activity, ActivityBatch, OrdersCollected
from contracts.gateway.quarantine import QuarantinePage, ReplayAnswer
from contracts.gateway_events import QuarantineChanged, QuarantineCount
from contracts.orders import OrderBatchRequest, OrderRequest
from contracts.points.orders import OrderBatchAnswer
from contracts.sealed import Sealed
from gateway_service.access import repository as access
from gateway_service.access.domain import Source, basic_user, hash_secret
from gateway_service.cleaning import use_cases as corrections
from gateway_service.cleaning.domain import Corrected
from gateway_service.collect import repository
from gateway_service.collect.bodies import refusal, request_id
from gateway_service.collect.clean import BadMessage
from gateway_service.collect.orders import ORDER_COMPLETED, order_of
from gateway_service.collect.quick import NotQuick, Quick
from gateway_service.collect.reading import Rejected, members_named, read_batch, read_one
from gateway_service.collect.repository import Kept, Refused, Stage
from gateway_service.collect.sensitive import without_consent_dropped
from gateway_service.collect.translate import Arrival, Plain, Translator
from gateway_service.paging import cursor_of, place_of
from gateway_service.proxy.client import Gone
from gateway_service.proxy.forward import SYSTEM, Forward
from gateway_service.vault.seal import NotReady, Vault

PUBLISH_SECONDS = 10
SOURCE_SECONDS = 60.0  # a source's new key counts after a minute at most
PAYLOAD = "quarantine.payload"
_PLACES = re.compile(r"/\d+(?=/|$)")
_SOURCES = 1_000
_MARGIN = 4_096  # headers of a message count, too


# Rows of a file once more, as kept or as corrected: (key, kept, corrected or None). Raises
# BadMessage for what is wrong still.
RowsAgain = Callable[[str, bytes, bytes | None], Awaitable[None]]


@dataclass(slots=True)
class Collector:
    """What taking messages needs; sources are remembered for a minute."""

    db: Database
    bus: Bus
    vault: Vault
    forward: Forward
    translator: Translator
    quick: Quick
    rows_again: RowsAgain
    _sources: dict[bytes, tuple[Source, float]] = field(default_factory=dict)

    async def source(self, authorization: str) -> Source:
        """The source whose write key is the user name. Raises Problem 401."""
        key = hash_secret((basic_user(authorization) or ("", ""))[0])
        known = self._sources.get(key)
        if known and known[1] > time.monotonic():
            return known[0]
        async with self.db.statement() as tx:
            found = await access.source(tx, key)
        if found is None:
            raise Problem(
                401, "write_key_invalid", "This call needs a write key as HTTP Basic user name",
                headers={"WWW-Authenticate": "Basic"},
            )  # fmt: skip
        if len(self._sources) >= _SOURCES:
            self._sources.clear()
        self._sources[key] = (found, time.monotonic() + SOURCE_SECONDS)
        return found


async def take(
    collector: Collector,
    source: Source,
    body: bytes,
    kind: MessageType | None,
    received_at: datetime | None = None,
) -> None:
    """A batch, or the one message of type `kind`; when this returns, all of it is durable.

    It was received now, or earlier somewhere else, where it has been kept until now.
    Raises Problem 400 or 422 for what is no batch at all, 503 while nothing can be kept.
    """
    batch_id = request_id(source.name, kind, body)
    arrival = Arrival(batch_id, received_at or collector.db.clock.now())
    try:
        read = _read(collector, body, kind, arrival)
    except NotReady:  # seldom: somebody known told something personal
        await collector.vault.ready(members_named(body))
        read = _read(collector, body, kind, arrival)
    if set(map(type, read)) == {Plain}:  # as most requests: nothing to look at once more
        await publish(collector.bus, source, arrival, cast("Sequence[Plain]", read))
        return
    taken = [each for each in read if not isinstance(each, Rejected)]
    bad = [each for each in read if isinstance(each, Rejected)]
    corrected = _corrected(source.name, arrival, bad)
    if bad or corrected:
        async with collector.db.transaction() as tx:
            await put_aside(tx, _sealed(collector, tx, source.name, batch_id, bad))
            await corrections.keep(tx, corrected)
    if taken:
        taken = await without_consent_dropped(collector.forward, taken)
        await publish(collector.bus, source, arrival, taken)


def _read(
    collector: Collector, body: bytes, kind: MessageType | None, arrival: Arrival
) -> Sequence[Activity | Plain | Rejected]:
    if kind is None:
        with suppress(NotQuick):
            return collector.quick.read(body, arrival)
        return read_batch(collector.translator, body, arrival)
    return [read_one(collector.translator, body, kind, arrival)]


def _corrected(
    source: str, arrival: Arrival, bad: Sequence[Rejected]
) -> list[tuple[str, Corrected]]:
    """What was corrected in the messages that were taken."""
    refused = {each.n for each in bad}
    return [
        (f"{arrival.batch_id}.{n}", Corrected(source, member_id, each))
        for n, (member_id, found) in arrival.corrected.items()
        if n not in refused
        for each in found
    ]


def _sealed(
    collector: Collector, tx: Tx, source: str, batch_id: str, rejected: Iterable[Rejected]
) -> list[Refused]:
    return [
        Refused(
            tx.ids.derive("quarantine", batch_id, str(each.n)), Stage.MESSAGE, source,
            each.reason, each.pointer,
            collector.vault.seal(Kind.TEXT, each.payload.decode(), None, place=PAYLOAD),
        )
        for each in rejected
    ]  # fmt: skip


async def publish(
    bus: Bus, source: Source, arrival: Arrival, activities: Sequence[Activity | Plain]
) -> None:
    """One message, and one more if there are orders among them. Raises Problem 429 or 503.

    Orders bring points, so they are taken as such from trusted sources only.
    """
    messages = _messages(bus, source, arrival, arrival.batch_id, activities)
    orders = [
        each
        for each in activities
        if source.trusted
        and isinstance(each, Activity)
        and (each.type, each.event) == ("track", ORDER_COMPLETED)
    ]
    if orders:
        event = OrdersCollected(arrival.batch_id, orders)
        payload = msgspec.json.encode(event)
        messages.append((event.subject, f"{arrival.batch_id}:orders", payload))
    headers = tracing.headers()
    try:
        if not bus.connected:
            raise ConnectionError
        async with asyncio.timeout(PUBLISH_SECONDS):
            await bus.publish_all([(s, key, data, headers) for s, key, data in messages])
    except AWAY as error:
        raise refusal(error) from None


def _messages(
    bus: Bus,
    source: Source,
    arrival: Arrival,
    batch_id: str,
    activities: Sequence[Activity | Plain],
) -> list[tuple[str, str, bytes]]:
    """One message; more only if sealing made it larger than the server takes."""
    told = cast("list[Activity]", activities)
    batch = ActivityBatch(batch_id, arrival.received_at, source.name, told, source.trusted)
    payload = msgspec.json.encode(batch)
    if len(payload) + _MARGIN <= bus.nc.max_payload or len(activities) == 1:
        return [(ActivityBatch.subject, batch_id, payload)]
    half = len(activities) // 2
    return [
        *_messages(bus, source, arrival, f"{batch_id}.0", activities[:half]),
        *_messages(bus, source, arrival, f"{batch_id}.1", activities[half:]),
    ]


async def forward_orders(
    forward: Forward, activities: Sequence[Activity]
) -> list[tuple[Activity, BadMessage]]:
    """Hand the orders of `Order Completed` activities to points; answers those refused, and why.

    Raises Gone while identity or points is away: then nothing has been lost, and repeating it
    books nothing twice.
    """
    indexes = [each.index for activity in activities for each in activity.identifiers]
    members = await forward.resolve(indexes) if indexes else {}
    going: list[tuple[Activity, OrderRequest]] = []
    refused: list[tuple[Activity, BadMessage]] = []
    for activity in activities:
        try:
            going.append((activity, _owned(activity, members)))
        except BadMessage as bad:
            refused.append((activity, bad))
    if not going:
        return refused
    body = msgspec.json.encode(OrderBatchRequest([order for _, order in going]))
    answer = await forward.inner.request("points", "POST", "/v1/orders/batch", SYSTEM, body)
    if answer.status != 200:
        raise Gone("points")
    answers = msgspec.json.decode(answer.body, type=OrderBatchAnswer).data
    for (activity, _), booked in zip(going, answers, strict=True):
        if booked.problem is not None:
            pointers = [error.pointer for error in booked.problem.errors]
            refused.append((activity, BadMessage(booked.problem.code, "".join(pointers[:1]))))
    return refused


def _owned(activity: Activity, members: dict[str, UUID]) -> OrderRequest:
    owners = [activity.member_id, *(members.get(each.index) for each in activity.identifiers)]
    owner = next((owner for owner in owners if owner is not None), None)
    if owner is None:
        raise BadMessage("unknown_identifier", "/context/externalIds")
    return msgspec.structs.replace(order_of(activity), member_id=owner)


async def put_orders_aside(
    tx: Tx, vault: Vault, event: OrdersCollected, refused: Iterable[tuple[Activity, BadMessage]]
) -> None:
    """Keep the orders that were refused."""
    rows = [
        Refused(
            tx.ids.derive("quarantine", "order", event.batch_id, activity.message_id),
            Stage.ORDER, "orders", bad.reason, bad.pointer,
            vault.seal(Kind.TEXT, msgspec.json.encode(activity).decode(), None, place=PAYLOAD),
        )
        for activity, bad in refused
    ]  # fmt: skip
    if rows:
        await put_aside(tx, rows)


async def put_aside(tx: Tx, messages: Sequence[Refused]) -> None:
    """Keep messages that cannot be taken, and tell how many there are for which reason."""
    new = await repository.put_aside(tx, messages)
    today = local_date(tx.now)
    told = Counter((m.stage, m.reason, place_in_all(m.pointer)) for m in messages if m.id in new)
    if told:
        counts = [QuarantineCount(today, *why, n) for why, n in sorted(told.items())]
        tx.publish(QuarantineChanged(put_aside=counts))


def place_in_all(pointer: str) -> str:
    """A JSON pointer whose places in lists are `*`."""
    return _PLACES.sub("/*", pointer)


async def quarantined(tx: Tx, limit: int, after: str | None) -> QuarantinePage:
    """A page of the quarantine, newest first."""
    rows = await repository.page(tx, limit + 1, *place_of(after))
    more = cursor_of((rows[limit - 1].received_at, rows[limit - 1].id)) if rows[limit:] else None
    return QuarantinePage(data=rows[:limit], next_cursor=more)


async def replay(
    collector: Collector, tx: Tx, message_id: UUID, corrected: bytes | None
) -> ReplayAnswer:
    """Take a message out of quarantine. Raises Problem 404, 409 (done before) or 422."""
    kept = await repository.take_out(tx, message_id)
    if kept is None:
        raise Problem(404, "not_found", "There is no such message in quarantine")
    if kept.replayed_at is not None:
        raise Problem(409, "already_replayed", "This message has been taken already")
    await collector.vault.ready_for(kept.payload)
    opened = collector.vault.open(Sealed.parse(kept.payload), (), place=PAYLOAD)
    payload = corrected or opened.encode()
    if kept.stage is Stage.ROW:
        try:
            await collector.rows_again(f"replay:{kept.id}", opened.encode(), corrected)
        except BadMessage as bad:
            raise _still_bad(bad.reason, bad.pointer) from None
    elif kept.stage is Stage.ORDER:
        await _replay_order(collector, payload)
    else:
        source = await access.source_named(tx, kept.source)
        await _replay_message(collector, tx, kept, source, payload)
    await repository.replayed(tx, message_id)
    day, where = local_date(kept.received_at), place_in_all(kept.pointer)
    tx.publish(
        QuarantineChanged(replayed=[QuarantineCount(day, kept.stage, kept.reason, where, 1)])
    )
    return ReplayAnswer(id=message_id, replayed_at=tx.now)


async def _replay_message(
    collector: Collector, tx: Tx, kept: Kept, source: Source, payload: bytes
) -> None:
    arrival = Arrival(f"replay-{kept.id}", kept.received_at)
    body = b'{"batch":[' + payload + b"]}"
    await collector.vault.ready(members_named(body))
    (read,) = read_batch(collector.translator, body, arrival)
    if isinstance(read, Rejected):
        raise _still_bad(read.reason, read.pointer)
    await corrections.keep(tx, _corrected(kept.source, arrival, ()))
    taken = await without_consent_dropped(collector.forward, [read])
    await publish(collector.bus, source, arrival, taken)


async def _replay_order(collector: Collector, payload: bytes) -> None:
    try:
        activity = msgspec.json.decode(payload, type=Activity)
    except msgspec.ValidationError as error:
        raise _still_bad("not a collected order", "") from error
    for _, bad in await forward_orders(collector.forward, [activity]):
        raise _still_bad(bad.reason, bad.pointer)


def _still_bad(reason: str, pointer: str) -> Problem:
    return Problem(
        422, "still_refused", "The message still cannot be taken", detail=reason, pointer=pointer
    )
