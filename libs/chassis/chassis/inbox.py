"""Consuming: effect and inbox row in one transaction, so at-least-once becomes exactly once.

Order is kept: a batch that fails is tried again here, not handed back to the stream. A message that
cannot be read or keeps failing goes to `dead_letter` with its reason; nothing falls on the floor.
"""

import asyncio
import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import asyncpg
import msgspec

from chassis import packs
from chassis.bus import Bus, Subscription, event_types
from chassis.database import Database, Tx
from chassis.logs import log
from chassis.metrics import CONSUMED, DEAD
from chassis.tracing import span

FETCH = 256
MAX_BATCH_BYTES = 16 * 1024 * 1024
TRIES = 5
LOST = ("409", "503")  # consumer deleted, leader changed; nobody answers the request
AWAY = (asyncpg.PostgresConnectionError, asyncpg.InterfaceError, OSError, TimeoutError,
        asyncpg.CannotConnectNowError, asyncpg.AdminShutdownError, asyncpg.CrashShutdownError,
        asyncpg.DeadlockDetectedError, asyncpg.SerializationError)  # fmt: skip


class Poison(Exception):
    """Raised by a handler for an event that can never work: straight to `dead_letter`."""


@dataclass(slots=True)
class Incoming:
    """A message off the stream; `event` is what it says, or why that cannot be read."""

    message_id: str
    subject: str
    payload: bytes
    headers: dict[str, str]
    raw: Any
    event: Any = None


class Consumer:
    """One durable pull consumer: a service's ear on a stream."""

    def __init__(
        self, db: Database, bus: Bus, service: str, stream: str, subs: Sequence[Subscription]
    ) -> None:
        self._db, self._bus, self._service, self._stream = db, bus, service, stream
        self._handlers = event_types(subs)
        self._readers = {
            subject: sub.read or msgspec.json.Decoder(sub.event).decode
            for subject, sub in self._handlers.items()
        }
        self._queue: asyncio.Queue[Any] = asyncio.Queue()
        self._credit = 0  # messages asked for and not yet here
        self._inbox = ""
        self._applying: asyncio.Task[None] | None = None
        self._done = asyncio.Event()  # set while no batch is in hand
        self._done.set()

    async def lag(self) -> int:
        """Messages not yet applied."""
        return await self._bus.lag(self._stream, self._service)

    async def caught_up(self) -> None:
        """Come back when everything that was on the stream has been applied."""
        while True:
            await self._done.wait()
            if self._queue.empty() and await self.lag() == 0:
                return
            await asyncio.sleep(0.002)  # on its way to us, or its acknowledgement to the server

    async def run(self) -> None:
        """Until cancelled. While a batch is being applied the next one is fetched and read."""
        self._credit = 0
        await self._subscribe()
        try:
            while True:
                batch = await self._next_batch()
                await self._read_ahead(batch)
                if self._applying:
                    await self._applying
                self._applying = asyncio.create_task(self._finish(batch))
        finally:
            if self._applying:
                self._applying.cancel()
                await asyncio.wait([self._applying])

    async def _finish(self, batch: list[Incoming]) -> None:
        if batch:
            await self._apply_for_sure(batch)
            for raw in {id(message.raw): message.raw for message in batch}.values():
                await raw.ack()
        if self._queue.empty():
            self._done.set()

    async def _read_ahead(self, batch: list[Incoming]) -> None:
        for message in batch:
            try:
                message.event = self._readers[message.subject](message.payload)
            except msgspec.DecodeError as error:
                message.event = error
            if self._applying and not self._applying.done():
                await asyncio.sleep(0)  # it goes first

    async def _subscribe(self) -> None:
        self._inbox = self._bus.nc.new_inbox()
        await self._bus.nc.subscribe(self._inbox, cb=self._queue.put)
        while True:
            try:
                await self._bus.ensure_consumer(self._stream, self._service, sorted(self._handlers))
                return
            except Exception as error:  # noqa: BLE001 - the bus may be starting
                log.warning("consumer_retry", stream=self._stream, error=type(error).__name__)
                await asyncio.sleep(0.2)

    async def _pull(self) -> None:
        request = {"batch": FETCH, "expires": 5_000_000_000, "max_bytes": MAX_BATCH_BYTES}
        subject = f"$JS.API.CONSUMER.MSG.NEXT.{self._stream}.{self._service}"
        await self._bus.nc.publish(subject, json.dumps(request).encode(), reply=self._inbox)
        self._credit += FETCH

    async def _next_batch(self) -> list[Incoming]:
        if self._credit < FETCH // 2 and self._queue.empty():
            await self._pull()
        try:
            async with asyncio.timeout(7):  # wait_for loses a cancellation on Python 3.11
                first = await self._queue.get()
        except TimeoutError:  # the request was lost with a connection: ask again
            self._credit = 0
            await self._ensure_known()
            return []
        self._done.clear()
        messages, size, events = [first], len(first.data), packs.events_in(first.headers)
        while not self._queue.empty() and events < FETCH and size < MAX_BATCH_BYTES:
            messages.append(self._queue.get_nowait())
            size += len(messages[-1].data)
            events += packs.events_in(messages[-1].headers)
        if any(map(_is_lost, messages)):
            await self._ensure_known()
        return [each for raw in messages if self._is_message(raw) for each in self._read(raw)]

    async def _ensure_known(self) -> None:
        """After a wiped stream the consumer is gone too."""
        await asyncio.sleep(0.1)  # not a tight loop while the server cannot answer
        try:
            await self._bus.ensure_streams()
            await self._bus.ensure_consumer(self._stream, self._service, sorted(self._handlers))
        except Exception as error:  # noqa: BLE001 - the bus may be away; the next round asks again
            log.warning("consumer_retry", stream=self._stream, error=type(error).__name__)

    def _is_message(self, raw: Any) -> bool:
        status = (raw.headers or {}).get("Status")
        if status is None:
            self._credit -= 1
            return True
        left = (raw.headers or {}).get("Nats-Pending-Messages")
        self._credit = max(0, self._credit - int(left)) if left else 0
        return False

    def _read(self, raw: Any) -> list[Incoming]:
        """The events of a message; a pack that does not decode stays as it is, and is buried."""
        headers = dict(raw.headers or {})
        fallback = f"{self._stream}:{raw.metadata.sequence.stream}"
        events = [(headers.get("Nats-Msg-Id", fallback), raw.data)]
        if packs.HEADER in headers:
            with suppress(msgspec.DecodeError):
                events = packs.unpacked(raw.data)
        return [Incoming(name, raw.subject, payload, headers, raw) for name, payload in events]

    async def _apply_for_sure(self, batch: list[Incoming]) -> None:
        delay, tries = 0.05, 0
        while True:
            try:
                await self._apply(batch)
                break
            except AWAY as error:
                log.warning("consumer_waits", stream=self._stream, error=type(error).__name__)
            except Exception as error:  # noqa: BLE001 - buried with its reason in the end
                tries += 1
                log.exception("consumer_failed", stream=self._stream, subject=batch[0].subject)
                if len(batch) > 1:
                    for message in batch:
                        await self._apply_for_sure([message])
                    return
                if tries >= TRIES or isinstance(error, Poison):
                    await self._bury(batch[0], error)
                    break
            await asyncio.sleep(delay)
            delay = min(delay * 2, 2.0)

    async def _apply(self, batch: list[Incoming]) -> None:
        async with self._db.transaction() as tx:
            fresh = await self._unknown(tx, batch)
            fresh.sort(key=lambda message: not self._handlers[message.subject].early)
            for subject, group in groupby(fresh, key=lambda message: message.subject):
                messages = list(group)
                events = [message.event for message in messages]
                for event in events:
                    if isinstance(event, msgspec.DecodeError):
                        raise Poison(f"does not decode: {event}") from event
                with span(f"consume {subject}", messages[0].headers):
                    await self._handlers[subject].handler(tx, events)
                CONSUMED.labels(self._service, subject).inc(len(events))

    async def _unknown(self, tx: Tx, batch: list[Incoming]) -> list[Incoming]:
        by_id = {message.message_id: message for message in batch}
        rows = await tx.fetch(
            "INSERT INTO inbox (message_id, received_at) SELECT unnest($1::text[]), $2"
            " ON CONFLICT DO NOTHING RETURNING message_id",
            list(by_id),
            tx.now,
        )
        fresh = {row["message_id"] for row in rows}
        return [message for key, message in by_id.items() if key in fresh]

    async def _bury(self, message: Incoming, error: Exception) -> None:
        reason = str(error) if isinstance(error, Poison) else type(error).__name__
        async with self._db.transaction() as tx:
            await self._unknown(tx, [message])
            await tx.execute(
                "INSERT INTO dead_letter (message_id, subject, payload, reason, created_at)"
                " VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING",
                message.message_id, message.subject, message.payload, reason, tx.now,
            )  # fmt: skip
        DEAD.labels(self._service, message.subject).inc()
        log.error("dead_letter", subject=message.subject, message_id=message.message_id)


def _is_lost(raw: Any) -> bool:
    """Whether the server says that there is nobody to ask, and not only that a reply is full."""
    headers = raw.headers or {}
    return headers.get("Status") in LOST and "MaxBytes" not in headers.get("Description", "")
