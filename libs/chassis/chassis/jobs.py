"""Time's edge: daily jobs at every midnight passed, in order; timed jobs whenever one is due."""

import asyncio
import functools
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from chassis.clock import local_date, midnight
from chassis.database import Database, Tx
from chassis.logs import log
from chassis.metrics import JOB_SECONDS
from chassis.tracing import span

Job = Callable[[Database, datetime], Awaitable[None]]

LONGEST_REST = 5.0


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


@dataclass(frozen=True, slots=True)
class BackgroundJob:
    """`run(db, now)` again and again beside everything else, other such jobs included.

    `share`: the part of the time it may take while it rests five seconds at most; what there is to
    do meanwhile is done together.
    """

    name: str
    run: Job
    share: float = 1.0

    def rest(self, took: float, every: float) -> float:
        """Seconds to wait after a run of so many, `every` at least."""
        return max(every, min(took / self.share - took, LONGEST_REST))


AnyJob = DailyJob | TimedJob | BackgroundJob


class Scheduler:
    """Runs the jobs of one service; replicas take turns by an advisory lock."""

    def __init__(
        self, db: Database, service: str, jobs: Sequence[AnyJob], every: float = 1.0
    ) -> None:
        self._db, self._service, self._every = db, service, every
        self._daily = [job for job in jobs if isinstance(job, DailyJob)]
        self._timed = [job for job in jobs if isinstance(job, TimedJob)]
        self._background = [job for job in jobs if isinstance(job, BackgroundJob)]
        self._turn = asyncio.Lock()

    async def run(self) -> None:
        """Tick for ever."""
        beside = (
            self._again(functools.partial(self._run_background, job), job.rest)
            for job in self._background
        )
        await asyncio.gather(self._again(self.tick, lambda _took, every: every), *beside)

    async def _again(
        self, step: Callable[[], Awaitable[None]], rest: Callable[[float, float], float]
    ) -> None:
        while True:
            started = time.monotonic()
            try:
                await step()
            except Exception:  # noqa: BLE001 - the next round tries again
                log.exception("tick_failed")
            await asyncio.sleep(rest(time.monotonic() - started, self._every))

    async def _run_background(self, job: BackgroundJob) -> None:
        await job.run(self._db, self._db.clock.now())

    async def tick(self) -> None:
        """Everything due by now, midnights first. Raises what a job raises; it is tried again."""
        async with self._turn, self._db.transaction() as turn:
            await turn.execute(
                "SELECT pg_advisory_xact_lock(hashtext($1))", f"{self._service}:jobs"
            )
            now = self._db.clock.now()
            for due in await self._midnights(turn, now):
                await self._run_daily(due)
            for timed in self._timed:
                await timed.run(self._db, now)

    async def _midnights(self, turn: Tx, now: datetime) -> list[datetime]:
        """Midnights after the last finished one up to now; the first tick only sets the mark."""
        today = midnight(local_date(now))
        last = await turn.fetchval("SELECT max(due) FROM job_run WHERE name = '*'")
        if last is None:
            await turn.execute("INSERT INTO job_run VALUES ('*', $1, $2)", today, now)
            return []
        days = (today - last).days
        return [midnight(local_date(last) + timedelta(days=n)) for n in range(1, days + 1)]

    async def _run_daily(self, due: datetime) -> None:
        """All jobs of a midnight, then one row each: a crash in between runs them again."""
        for job in self._daily:
            started = time.perf_counter()
            with span(f"job {job.name}"):
                await job.run(self._db, due)
            JOB_SECONDS.labels(self._service, job.name).observe(time.perf_counter() - started)
        async with self._db.transaction() as tx:
            names = ["*", *(job.name for job in self._daily)]
            await tx.execute(
                "INSERT INTO job_run SELECT unnest($1::text[]), $2, $3", names, due, tx.now
            )
