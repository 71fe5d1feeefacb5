"""The relay: what transactions told, onto the bus, in commit order, at least once."""

import asyncio
import time
from datetime import timedelta

from chassis.bus import Bus
from chassis.database import Database
from chassis.logs import log
from chassis.metrics import OUTBOX_LAG
from chassis.packs import packed

BATCH = 256
IDLE_SECONDS = 1.0  # a safety net: a commit in this process wakes the relay at once


class Relay:
    """Publishes unpublished outbox rows with `Nats-Msg-Id`; one relay a service at a time."""

    def __init__(self, db: Database, bus: Bus, service: str) -> None:
        self._db, self._bus, self._service = db, bus, service
        self._wake = asyncio.Event()
        self._drained = asyncio.Event()  # nothing told since the last look found nothing
        db.told = self._told

    def _told(self) -> None:
        self._drained.clear()
        self._wake.set()

    async def drained(self) -> None:
        """Come back when everything that was told is on the bus."""
        await self._drained.wait()

    async def run(self) -> None:
        """Until cancelled. Failures (bus or database away) are retried for ever."""
        delay = 0.05
        while True:
            try:
                self._wake.clear()
                while await self._publish_some() == BATCH:
                    pass
                if not self._wake.is_set():
                    self._drained.set()
                delay = 0.05
            except Exception as error:  # noqa: BLE001 - whatever it was, the rows are still there
                log.warning("relay_retry", error=type(error).__name__)
                await asyncio.sleep(delay)
                await self._look_for_stream()
                delay = min(delay * 2, 2.0)
                continue
            try:
                async with asyncio.timeout(IDLE_SECONDS):  # wait_for may lose a cancellation
                    await self._wake.wait()
            except TimeoutError:
                continue

    async def _look_for_stream(self) -> None:
        try:
            await self._bus.ensure_streams()
            await self.rebuild_if_stream_is_new()
        except Exception as error:  # noqa: BLE001 - still away: the loop comes round again
            log.warning("stream_away", error=type(error).__name__)

    async def _publish_some(self) -> int:
        async with self._db.transaction() as tx:
            await tx.execute("SELECT pg_advisory_xact_lock(hashtext($1))", f"{self._service}:relay")
            rows = await tx.fetch(
                "SELECT id, message_id, subject, payload, headers, created_at FROM outbox"
                " WHERE published_at IS NULL ORDER BY id LIMIT $1",
                BATCH,
            )
            if not rows:
                OUTBOX_LAG.labels(self._service).set(0)
                return 0
            OUTBOX_LAG.labels(self._service).set(len(rows))
            await self._bus.publish_all(list(packed(rows)))
            await tx.execute(
                "UPDATE outbox SET published_at = $2 WHERE id = ANY($1::bigint[])",
                [row["id"] for row in rows],
                tx.now,
            )
        return len(rows)

    async def rebuild_if_stream_is_new(self) -> None:
        """JetStream was wiped or replaced: publish everything that is kept once more.

        Readers drop what they already know (inbox), so nothing counts twice.
        """
        created = await self._bus.stream_created()
        async with self._db.transaction() as tx:
            known = await tx.fetchval("SELECT created FROM bus_state WHERE stream = 'FACTS'")
            if known == created:
                return
            await tx.execute(
                "INSERT INTO bus_state (stream, created) VALUES ('FACTS', $1)"
                " ON CONFLICT (stream) DO UPDATE SET created = excluded.created",
                created,
            )
            if known is not None:
                tag = await tx.execute("UPDATE outbox SET published_at = NULL")
                log.warning("outbox_replayed", rows=tag, reason="the stream is new")
        self._wake.set()


async def prune(db: Database, keep_days: int) -> None:
    """Drop published rows older than the rebuild window, and inbox rows twice as old."""
    started = time.monotonic()
    async with db.transaction() as tx:
        await tx.execute(
            "DELETE FROM outbox WHERE published_at < $1", tx.now - timedelta(days=keep_days)
        )
        await tx.execute(
            "DELETE FROM inbox WHERE received_at < $1", tx.now - timedelta(days=2 * keep_days)
        )
    log.debug("outbox_pruned", seconds=round(time.monotonic() - started, 3))
