"""Reads the streams of stores over their links, each in its own order, from where it stopped.

A store's stream holds what the centre has not taken: it is read from its first message, and what
was taken is purged. So nothing has to be remembered here, and nothing comes out of order, however
often a link is cut in between.
"""

import asyncio
import contextlib
from datetime import datetime
from urllib.parse import quote, urlsplit

import nats
import nats.errors
from nats.js import JetStreamContext
from nats.js.errors import Error as JetStreamError
from nats.js.errors import NotFoundError
from prometheus_client import Gauge

from chassis.bus import AWAY
from chassis.database import Database
from chassis.logs import log
from chassis.problem import Problem
from gateway_service.collect.use_cases import Collector
from gateway_service.edges import repository
from gateway_service.edges.domain import STREAM, Edge, centre_user
from gateway_service.edges.use_cases import take_in
from gateway_service.proxy.client import Gone

AT_ONCE = 32  # messages asked for beforehand: links are slow, not narrow
IDLE_SECONDS = 0.25
RETRY_SECONDS = 0.5
CLOSE_SECONDS = 2
WAITING = Gauge("huiyuan_edge_waiting", "requests that a store keeps", ["store"])
_NOW = (*AWAY, JetStreamError, Gone, Problem)  # passes: a link, a store or a service is away


class Edges:
    """All stores of this centre. `collector` is there once the gateway has started."""

    def __init__(self, url: str, edges: list[Edge]) -> None:
        self._url, self._edges = url, edges if url else []
        self.collector: Collector
        self._here: set[str] = set()  # stores that answered last

    async def follow(self, db: Database, _now: datetime) -> None:
        """For as long as this gateway has the lead."""
        if not self._edges:
            return
        async with db.transaction() as turn:
            if not await repository.lead(turn):
                return
            async with asyncio.TaskGroup() as group:
                for edge in self._edges:
                    group.create_task(self._follow(edge))
                while True:
                    await asyncio.sleep(1)
                    await repository.alive(turn)

    async def _follow(self, edge: Edge) -> None:
        while True:
            try:
                await self._read(edge)
            except _NOW as error:
                if edge.store in self._here:
                    self._here.discard(edge.store)
                    log.warning("edge_away", store=edge.store, error=type(error).__name__)
            _end_if_cancelled()
            await asyncio.sleep(RETRY_SECONDS)

    async def _read(self, edge: Edge) -> None:
        """Until the link or something else is away."""
        parts = urlsplit(self._url)
        user = f"{centre_user(edge.store)}:{quote(edge.password, safe='')}"
        connection = await nats.connect(
            f"{parts.scheme}://{user}@{parts.netloc.rpartition('@')[2]}",
            name=f"gateway reads {edge.store}", allow_reconnect=False, connect_timeout=2,
            error_cb=_quiet,
        )  # fmt: skip
        try:
            stream = connection.jetstream(domain=edge.store, timeout=2)
            while True:
                _end_if_cancelled()
                state = (await stream.stream_info(STREAM)).state
                WAITING.labels(edge.store).set(state.messages)
                if edge.store not in self._here:
                    self._here.add(edge.store)
                    log.info("edge_here", store=edge.store, waiting=state.messages)
                if state.messages:
                    await self._take(stream, edge, state.first_seq, state.last_seq)
                else:
                    await asyncio.sleep(IDLE_SECONDS)
        finally:
            with contextlib.suppress(TimeoutError):  # the client may wait for what has ended
                async with asyncio.timeout(CLOSE_SECONDS):
                    await connection.close()

    async def _take(self, stream: JetStreamContext, edge: Edge, first: int, last: int) -> None:
        """From first to last, at most as many as are asked for at once."""
        numbers = range(first, min(last, first + AT_ONCE - 1) + 1)
        found = await asyncio.gather(*(_message(stream, number) for number in numbers))
        done = first - 1
        try:
            for number, payload in zip(numbers, found, strict=True):
                if payload is not None:
                    await take_in(self.collector, edge, number, payload)
                done = number
        finally:
            if done >= first:
                await stream.purge_stream(STREAM, seq=done + 1)


def _end_if_cancelled() -> None:
    """The client passes over a cancellation that meets it while it flushes."""
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError


async def _message(stream: JetStreamContext, number: int) -> bytes | None:
    """A message; None for one that is not there."""
    try:
        return (await stream.get_msg(STREAM, number)).data
    except NotFoundError:
        return None


async def _quiet(_error: Exception) -> None:
    """What goes wrong shows where it is asked for."""
