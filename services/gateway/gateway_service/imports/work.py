"""Doing what was asked for: one job at a time, its batches in sequence, each counted with the rows
that it put aside. A batch that was sent and not counted is sent again, and meets itself."""

import asyncio
import hashlib
from collections import deque
from collections.abc import AsyncIterator, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Annotated
from uuid import UUID

import msgspec

from chassis.database import Database, Tx, undone
from chassis.logs import log
from chassis.principal import Principal
from chassis.problem import Problem
from contracts.classification import Kind
from contracts.roles import Role
from gateway_service.access.strongbox import unlock
from gateway_service.collect import repository as quarantine
from gateway_service.collect.clean import BadMessage
from gateway_service.collect.repository import Refused, Stage
from gateway_service.imports import repository
from gateway_service.imports.reading import Form, Reader, Unreadable, values_of
from gateway_service.imports.repository import Counts, ImportJob
from gateway_service.imports.rows import Grouping, Unit
from gateway_service.imports.use_cases import LOCKED
from gateway_service.imports.values import BadRow
from gateway_service.imports.ways import Again, Batch, Outcome, Ways
from gateway_service.vault.keys import Keys

ROWS_AT_ONCE = 500  # what is done with them in one go holds everybody else up
AT_ONCE = {"members": 3, "enrichment": 2}  # others: what comes later may build on it
PAYLOAD = "quarantine.payload"
_SECONDS = 1.0


class PutAside(msgspec.Struct, frozen=True):
    """What the quarantine keeps, sealed, of rows that could not be taken."""

    job_id: UUID
    kind: str
    source: str
    asked_by: str
    asked_at: datetime
    row: int
    lines: list[dict[str, str]]


@dataclass(frozen=True, slots=True)
class Importer:
    """Works on imports whenever there are any."""

    ways: Ways
    keys: Keys
    bell: asyncio.Event = field(default_factory=asyncio.Event)  # rung when there is something to do

    async def run(self, db: Database, _now: datetime) -> None:
        """Every job there is, the oldest first; then the bell, or a second, and again."""
        while True:
            self.bell.clear()
            async with db.transaction() as tx:
                for job_id in await repository.forsaken(tx):
                    await repository.end(tx, job_id, "failed", "the upload was not finished")
            while await self._one(db):
                pass
            with suppress(TimeoutError):
                async with asyncio.timeout(_SECONDS):
                    await self.bell.wait()

    async def _one(self, db: Database) -> bool:
        """Answers whether there may be another."""
        async with db.transaction() as turn:  # holds the turn; what is done is committed beside it
            job = await repository.next_job(turn)
            if job is None:
                return False
            try:
                await self._do(db, job)
            except Again as again:
                log.warning("import_waits", job=str(job.job_id), reason=str(again))
                return False
            except Unreadable as error:
                await self._fail(db, job, str(error))
            except Exception as error:
                if not undone(error):
                    raise
                log.exception("import_failed", job=str(job.job_id))
                await self._fail(db, job, "something went wrong on our side")
        return True

    async def _fail(self, db: Database, job: ImportJob, reason: str) -> None:
        async with db.transaction() as tx:
            await repository.end(tx, job.job_id, "failed", reason)

    async def _do(self, db: Database, job: ImportJob) -> None:
        async with db.transaction() as tx:
            await repository.begin(tx, job.job_id)
        rows = await self._look_through(db, job)
        async with db.transaction() as tx:
            await repository.know_rows(tx, job.job_id, rows)
        pending: deque[tuple[list[Unit], asyncio.Task[Outcome]]] = deque()
        try:
            async for units in self._batches(db, job):
                task = asyncio.create_task(self.ways.send(job.kind, _batch(job, units)))
                pending.append((units, task))
                if len(pending) >= AT_ONCE.get(job.kind, 1):
                    await self._count(db, job, *pending.popleft())
            while pending:
                await self._count(db, job, *pending.popleft())
        finally:
            for _, task in pending:
                task.cancel()
            await asyncio.gather(*(task for _, task in pending), return_exceptions=True)
        async with db.transaction() as tx:
            await repository.end(tx, job.job_id, "done")

    async def _count(
        self, db: Database, job: ImportJob, units: list[Unit], sent: asyncio.Task[Outcome]
    ) -> None:
        outcome = await sent
        async with db.transaction() as tx:
            await self._put_aside(tx, job, outcome.bad)
            rows = sum(len(unit.lines) for unit in units)
            counts = Counts(
                rows, outcome.imported, outcome.known, len(outcome.bad), outcome.dropped
            )
            await repository.count(tx, job.job_id, counts)

    async def _put_aside(self, tx: Tx, job: ImportJob, bad: Iterable[tuple[Unit, BadRow]]) -> None:
        seal = self.ways.forward.vault.seal
        rows = []
        for unit, why in bad:
            kept = PutAside(
                job.job_id, job.kind, job.source, job.asked_by, job.asked_at, unit.row,
                [dict(line) for line in unit.lines],
            )  # fmt: skip
            payload = seal(Kind.TEXT, msgspec.json.encode(kept).decode(), None, place=PAYLOAD)
            rows.append(
                Refused(
                    tx.ids.derive("quarantine", "import", str(job.job_id), str(unit.row)),
                    Stage.ROW, f"import:{job.kind}:{job.source}", why.reason,
                    f"/rows/{unit.row}/{why.field}", payload,
                )
            )  # fmt: skip
        if rows:
            await quarantine.put_aside(tx, rows)

    async def _batches(self, db: Database, job: ImportJob) -> AsyncIterator[list[Unit]]:
        """Units that are not done yet, some at a time."""
        grouping, open_units, skipped = Grouping(job.kind), [], job.rows_done
        async for first, records, last in self._records(db, job):
            rows = enumerate((values_of(r, job.fields, job.defaults) for r in records), first)
            fresh = grouping.units(islice(rows, skipped, None), last=last)
            skipped -= min(skipped, len(records))
            for unit in fresh:
                open_units.append(unit)
                if len(open_units) >= ROWS_AT_ONCE:
                    yield open_units
                    open_units = []
        if open_units:
            yield open_units

    async def _look_through(self, db: Database, job: ImportJob) -> int:
        """How many rows there are. Raises Unreadable for a file that is not the one meant."""
        digest, rows = hashlib.sha256(), 0
        for part in range(job.parts):
            digest.update(await self._part(db, job, part))
        if digest.digest() != job.sha256:
            raise Unreadable("the parts do not make the file that was meant")
        async for _, records, _ in self._records(db, job):
            rows += len(records)
        return rows

    async def _records(
        self, db: Database, job: ImportJob
    ) -> AsyncIterator[tuple[int, list[list[str]], bool]]:
        """Number of the first row, rows of a part, and whether it is the last part."""
        reader, first = Reader(Form(job.encoding, job.delimiter)), 1
        for part in range(job.parts):
            last = part == job.parts - 1
            content = await self._part(db, job, part)
            records = await asyncio.to_thread(reader.feed, content, last=last)
            if first == 1 and records:
                records = records[1:]  # the headings
                first = 2
            yield first, records, last
            first += len(records)

    async def _part(self, db: Database, job: ImportJob, part: int) -> bytes:
        async with db.statement() as tx:
            content = await repository.part(tx, job.job_id, part)
        if content is None:
            raise Unreadable("a part is gone")
        return unlock(self.keys, LOCKED, content, f"{job.job_id}:{part}")


def _batch(job: ImportJob, units: list[Unit]) -> Batch:
    return Batch(
        units, Principal(Role.OPERATOR, job.asked_by), job.source,
        f"import:{job.job_id}:{units[0].row}", job.asked_at,
    )  # fmt: skip


async def again(ways: Ways, key: str, payload: bytes, corrected: bytes | None) -> None:
    """Rows that were put aside, once more, or as corrected: `{"lines": [{field: text}]}`.

    Raises BadMessage for what is wrong still, and Problem 503.
    """
    kept = msgspec.json.decode(payload, type=PutAside)
    try:
        lines = _lines(corrected) if corrected else kept.lines
    except msgspec.ValidationError as error:
        raise BadMessage("rows are `lines` of texts by field", "/message") from error
    unit = Unit(kept.row, lines)
    batch = Batch([unit], Principal(Role.OPERATOR, kept.asked_by), kept.source, key, kept.asked_at)
    try:
        outcome = await ways.send(kept.kind, batch)
    except Again:
        raise Problem(
            503, "service_unavailable", "A part of the platform is away; try again",
            headers={"Retry-After": "1"},
        ) from None  # fmt: skip
    for _, bad in outcome.bad:
        raise BadMessage(bad.reason, f"/lines/0/{bad.field}")


class _Corrected(msgspec.Struct, forbid_unknown_fields=True):
    lines: Annotated[list[dict[str, str]], msgspec.Meta(min_length=1)]


def _lines(corrected: bytes) -> list[dict[str, str]]:
    return msgspec.json.decode(corrected, type=_Corrected).lines
