"""Time's edge: daily jobs at every midnight passed, in order; timed jobs whenever one is due."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from chassis.clock import local_date, midnight
from chassis.database import Database
from chassis.logs import log
from chassis.metrics import JOB_SECONDS
from chassis.tracing import span

Job = Callable[[Database, datetime], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class DailyJob:
    """`run(db, midnight)` once for each midnight; must tolerate being run again after a crash."""

    name: str
    run: Job


@dataclass(frozen=True, slots=True)
class TimedJob:
    """`run(db, now)` on every tick, for whatever is due by now; cheap when nothing is."""

    name: str
    run: Job


class Scheduler:
    """Runs the jobs of one service; replicas take turns by an advisory lock."""

    def __init__(
        self, db: Database, service: str, jobs: Sequence[DailyJob | TimedJob], every: float = 1.0
    ) -> None:
        self._db, self._service, self._every = db, service, every
        self._daily = [job for job in jobs if isinstance(job, DailyJob)]
        self._timed = [job for job in jobs if isinstance(job, TimedJob)]
        self._turn = asyncio.Lock()

    async def run(self) -> None:
        """Tick for ever."""
        while True:
            try:
                await self.tick()
            except Exception:  # noqa: BLE001 - the next tick tries again
                log.exception("tick_failed")
            await asyncio.sleep(self._every)

    async def tick(self) -> None:
        """Everything due by now, midnights first. Raises what a job raises; it is tried again."""
        async with self._turn, self._db.transaction() as turn:
            await turn.execute(
                "SELECT pg_advisory_xact_lock(hashtext($1))", f"{self._service}:jobs"
            )
            now = self._db.clock.now()
            for due in await self._midnights(now):
                for job in self._daily:
                    await self._once(job, due)
                await self._finish(due)
            for timed in self._timed:
                await timed.run(self._db, now)

    async def _midnights(self, now: datetime) -> list[datetime]:
        """Midnights after the last finished one up to now; the first tick only sets the mark."""
        today = midnight(local_date(now))
        async with self._db.transaction() as tx:
            last = await tx.fetchval("SELECT max(due) FROM job_run WHERE name = '*'")
            if last is None:
                await tx.execute("INSERT INTO job_run VALUES ('*', $1, $2)", today, tx.now)
                return []
        days = (local_date(today) - local_date(last)).days
        return [midnight(local_date(last) + timedelta(days=n)) for n in range(1, days + 1)]

    async def _once(self, job: DailyJob, due: datetime) -> None:
        async with self._db.transaction() as tx:
            if await tx.fetchval(
                "SELECT 1 FROM job_run WHERE name = $1 AND due = $2", job.name, due
            ):
                return
        started = time.perf_counter()
        with span(f"job {job.name}"):
            await job.run(self._db, due)
        JOB_SECONDS.labels(self._service, job.name).observe(time.perf_counter() - started)
        async with self._db.transaction() as tx:
            await tx.execute("INSERT INTO job_run VALUES ($1, $2, $3)", job.name, due, tx.now)

    async def _finish(self, due: datetime) -> None:
        async with self._db.transaction() as tx:
            await tx.execute(
                "INSERT INTO job_run VALUES ('*', $1, $2) ON CONFLICT DO NOTHING", due, tx.now
            )
