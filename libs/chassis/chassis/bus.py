"""NATS JetStream: two streams, publishing with acknowledgement, and who listens to what."""

import asyncio
import itertools
import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import nats
import nats.errors
from nats.js.api import AckPolicy, ConsumerConfig, DiscardPolicy, StreamConfig
from nats.js.errors import APIError, NoStreamResponseError, NotFoundError

from chassis.database import Tx
from chassis.logs import log
from contracts.base import Event

STREAMS = {
    "ACTIVITY": ["activity.>"],
    "FACTS": ["identity.>", "profile.>", "points.>", "campaign.>", "gateway.>"],
}
ACTIVITY_SECONDS = 7 * 86400  # how long behaviour waits for whoever is away; facts stay
DUPLICATE_WINDOW_SECONDS = 120  # a courtesy only: the inbox is what counts
ACK_WAIT_SECONDS = 30
NO_STORAGE = 10_047  # the server's "insufficient storage resources available"
SMALLEST_STREAM = 64 * 1024**2
AWAY = (nats.errors.Error, OSError, TimeoutError)  # what a call raises while the bus is away


@dataclass(frozen=True, slots=True)
class Subscription:
    """`handler` gets consecutive events of one type, in stream order, inside the transaction.

    `early` events do not mind being handled before others that came before them, so those of a
    fetched batch go first: they do not break up the runs of the others.

    `read` makes of a payload what the handler gets, if that is more than the decoded event. It runs
    while earlier events are being handled, and must depend on the payload only.
    """

    event: type[Any]
    handler: Callable[[Tx, Sequence[Any]], Awaitable[None]]
    early: bool = False
    read: Callable[[bytes], Any] | None = None

    @property
    def stream(self) -> str:
        """The stream that carries the event."""
        return stream_of(self.event.subject)


def stream_of(subject: str) -> str:
    """ACTIVITY for collected behaviour, FACTS for everything services tell each other."""
    return "ACTIVITY" if subject.startswith("activity.") else "FACTS"


class Bus:
    """One connection; reconnects for ever, so a restarted NATS is found again."""

    def __init__(self, url: str, name: str, replicas: int = 1, activity_bytes: int = -1) -> None:
        self._url, self._name, self._replicas = url, name, replicas
        self._activity_bytes = activity_bytes
        self.nc: Any = None
        self.js: Any = None
        self._replies = ""
        self._tokens = itertools.count()
        self._waiting: dict[str, asyncio.Future[None]] = {}
        self.on_reconnect: Callable[[], Awaitable[None]] | None = None
        self._check: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Connect and make sure the streams exist."""

        async def quiet(error: Exception) -> None:
            log.warning("bus", error=type(error).__name__)

        async def reconnected() -> None:
            log.info("bus_reconnected")
            if self.on_reconnect:  # a task: what this callback raises confuses the client
                self._check = asyncio.create_task(self._see_to_it(self.on_reconnect))

        self.nc = await nats.connect(
            self._url,
            name=self._name,
            max_reconnect_attempts=-1,
            reconnect_time_wait=0.1,
            connect_timeout=2,
            ping_interval=5,
            max_outstanding_pings=2,
            pending_size=64 * 1024 * 1024,
            error_cb=quiet,
            reconnected_cb=reconnected,
        )
        self.js = self.nc.jetstream(timeout=5)
        self._replies = self.nc.new_inbox()
        await self.nc.subscribe(f"{self._replies}.*", cb=self._acknowledged)
        await self.ensure_streams()

    async def _see_to_it(self, action: Callable[[], Awaitable[None]]) -> None:
        """Until it succeeds or the connection is gone again; the database may be away as well."""
        while self.connected:
            try:
                return await action()
            except Exception as error:  # noqa: BLE001 - the next round tries again
                log.warning("bus_check_retry", error=type(error).__name__)
                await asyncio.sleep(0.5)

    async def stop(self) -> None:
        """Close without waiting for a server that may be gone."""
        if self.nc is not None:
            await self.nc.close()

    @property
    def connected(self) -> bool:
        """Whether the connection is up right now."""
        return self.nc is not None and bool(self.nc.is_connected)

    async def ensure_streams(self) -> None:
        """Create what is missing; five services do this at once, any order."""
        for name, subjects in STREAMS.items():
            wanted = self._stream(name, subjects)
            try:
                config = (await self.js.stream_info(name)).config
            except NotFoundError:
                await self._add(wanted)
                continue
            if (config.max_bytes, config.discard) != (wanted.max_bytes, wanted.discard):
                config.max_bytes, config.discard = wanted.max_bytes, wanted.discard
                await self._resize(config)

    async def _add(self, config: StreamConfig) -> None:
        """Create a stream; on a small disk, half as large as wanted until there is room for it."""
        while True:
            try:
                await self.js.add_stream(config)
                return
            except APIError as error:
                size = config.max_bytes or 0
                if error.err_code != NO_STORAGE or size < SMALLEST_STREAM:
                    raise
                config.max_bytes = size // 2
                log.warning("stream_smaller", stream=config.name, bytes=config.max_bytes)

    async def _resize(self, config: StreamConfig) -> None:
        try:
            await self.js.update_stream(config)
        except APIError as error:  # it stays as it is
            log.warning("stream_size", stream=config.name, error=error.description)

    def _stream(self, name: str, subjects: list[str]) -> StreamConfig:
        """What is not read yet must not go: a full stream refuses."""
        behaviour = name == "ACTIVITY"
        return StreamConfig(
            name=name,
            subjects=subjects,
            num_replicas=self._replicas,
            duplicate_window=DUPLICATE_WINDOW_SECONDS,
            max_age=ACTIVITY_SECONDS if behaviour else 0,
            max_bytes=self._activity_bytes if behaviour else -1,
            discard=DiscardPolicy.NEW if behaviour else DiscardPolicy.OLD,
        )

    async def ensure_consumer(self, stream: str, durable: str, subjects: list[str]) -> None:
        """A durable pull consumer of this service; subjects may change between versions."""
        config = ConsumerConfig(
            durable_name=durable,
            filter_subjects=subjects,
            ack_policy=AckPolicy.EXPLICIT,
            ack_wait=ACK_WAIT_SECONDS,
            max_ack_pending=2048,
            max_deliver=-1,
        )
        await self.js.add_consumer(stream, config=config)

    async def stream_created(self) -> datetime:
        """When FACTS was created: a new value means that it was wiped."""
        info = await self.js.stream_info("FACTS")
        created: datetime = info.created
        return created

    async def publish(self, subject: str, message_id: str, payload: bytes) -> None:
        """One message, acknowledged (and on disk: `sync_interval: always`)."""
        await self.js.publish(subject, payload, headers={"Nats-Msg-Id": message_id}, timeout=10)

    async def publish_all(self, messages: Sequence[tuple[str, str, bytes, dict[str, str]]]) -> None:
        """Many messages in order, pipelined; returns when all are acknowledged.

        Raises what the stream says to the first it refuses. (The client's own `publish_async` loses
        refusals, and waits for ever.)
        """
        waiting = {f"{next(self._tokens):x}": asyncio.Future[None]() for _ in messages}
        self._waiting |= waiting
        try:
            for token, (subject, message_id, payload, headers) in zip(
                waiting, messages, strict=True
            ):
                known = {**headers, "Nats-Msg-Id": message_id}
                await self.nc.publish(subject, payload, f"{self._replies}.{token}", known)
            async with asyncio.timeout(30):
                said = await asyncio.gather(*waiting.values(), return_exceptions=True)
        finally:
            for token in waiting:
                self._waiting.pop(token, None)
        for each in said:
            if each is not None:
                raise each

    async def _acknowledged(self, reply: Any) -> None:
        future = self._waiting.get(reply.subject.rpartition(".")[2])
        if future is None or future.done():
            return
        if not reply.data:
            future.set_exception(NoStreamResponseError())
        elif error := json.loads(reply.data).get("error"):
            future.set_exception(APIError(**error))
        else:
            future.set_result(None)

    async def lag(self, stream: str, durable: str) -> int:
        """Messages this consumer has not finished with."""
        info = await self.js.consumer_info(stream, durable)
        return int(info.num_pending or 0) + int(info.num_ack_pending or 0)


def event_types(subscriptions: Sequence[Subscription]) -> dict[str, Subscription]:
    """Subscriptions by subject; one handler an event a service."""
    found: dict[str, Subscription] = {}
    for subscription in subscriptions:
        event: type[Event] = subscription.event
        if event.subject in found:
            raise ValueError(f"two handlers for {event.subject}")
        found[event.subject] = subscription
    return found
