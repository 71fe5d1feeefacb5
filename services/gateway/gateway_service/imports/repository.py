"""Rows of `import_job` and `import_part`."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from chassis.database import Tx

_JOB = (
    "job_id, kind, source, state, fields, defaults, encoding, delimiter, sha256, parts, asked_by,"
    " asked_at, started_at, finished_at, rows, rows_done, imported, known, quarantined, dropped,"
    " error"
)
FORSAKEN_AFTER = timedelta(days=1)  # an upload that nobody goes on with


@dataclass(frozen=True, slots=True)
class ImportJob:
    """An import: how the file is understood, and how far it is."""

    job_id: UUID
    kind: str
    source: str
    state: str
    fields: list[str | None]
    defaults: dict[str, str]
    encoding: str
    delimiter: str
    sha256: bytes
    parts: int
    asked_by: str
    asked_at: datetime
    started_at: datetime | None = None
    finished_at: datetime | None = None
    rows: int | None = None
    rows_done: int = 0
    imported: int = 0
    known: int = 0
    quarantined: int = 0
    dropped: int = 0
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Counts:
    """What came of some rows."""

    rows: int
    imported: int = 0
    known: int = 0
    quarantined: int = 0
    dropped: int = 0


async def find(tx: Tx, job_id: UUID, *, lock: bool = False) -> ImportJob | None:
    """A job; nobody changes it meanwhile if it is locked."""
    how = " FOR UPDATE" if lock else ""
    row = await tx.fetchrow(f"SELECT {_JOB} FROM import_job WHERE job_id = $1{how}", job_id)
    return ImportJob(**row) if row else None


async def add(tx: Tx, job: ImportJob) -> None:
    """A job, unless it is there; one that failed begins anew, after what it had done."""
    names = _JOB.split(", ")
    values = ", ".join(f"${n}" for n in range(1, len(names) + 1))
    await tx.execute(
        f"INSERT INTO import_job ({_JOB}) VALUES ({values}) ON CONFLICT (job_id) DO UPDATE SET"
        " state = excluded.state, error = NULL, finished_at = NULL, parts = excluded.parts,"
        " asked_at = excluded.asked_at"
        " WHERE import_job.state = 'failed'",
        *(getattr(job, name) for name in names),
    )


async def add_part(tx: Tx, job_id: UUID, part: int, content: bytes) -> None:
    """A part; the same one again changes nothing. `content` is locked."""
    await tx.execute(
        "INSERT INTO import_part (job_id, part, content, received_at) VALUES ($1, $2, $3, $4)"
        " ON CONFLICT DO NOTHING",
        job_id, part, content, tx.now,
    )  # fmt: skip


async def parts_there(tx: Tx, job_id: UUID) -> list[int]:
    """The numbers of parts that have arrived."""
    rows = await tx.fetch("SELECT part FROM import_part WHERE job_id = $1 ORDER BY part", job_id)
    return [row["part"] for row in rows]


async def part(tx: Tx, job_id: UUID, number: int) -> bytes | None:
    """A part, locked."""
    content: bytes | None = await tx.fetchval(
        "SELECT content FROM import_part WHERE job_id = $1 AND part = $2", job_id, number
    )
    return content


async def complete(tx: Tx, job_id: UUID) -> None:
    """All parts are there."""
    await tx.execute(
        "UPDATE import_job SET state = 'waiting' WHERE job_id = $1 AND state = 'receiving'", job_id
    )


async def next_job(tx: Tx) -> ImportJob | None:
    """The oldest one that can go on, if no other process works on imports until `tx` ends."""
    free = await tx.fetchval("SELECT pg_try_advisory_xact_lock(hashtext('gateway:imports'))")
    if not free:
        return None
    row = await tx.fetchrow(
        f"SELECT {_JOB} FROM import_job WHERE state IN ('waiting', 'running')"
        " ORDER BY asked_at, job_id LIMIT 1"
    )
    return ImportJob(**row) if row else None


async def begin(tx: Tx, job_id: UUID) -> None:
    """It runs."""
    await tx.execute(
        "UPDATE import_job SET state = 'running', started_at = coalesce(started_at, $2)"
        " WHERE job_id = $1",
        job_id, tx.now,
    )  # fmt: skip


async def count(tx: Tx, job_id: UUID, done: Counts) -> None:
    """Some more rows are done."""
    await tx.execute(
        "UPDATE import_job SET rows_done = rows_done + $2, imported = imported + $3,"
        " known = known + $4, quarantined = quarantined + $5, dropped = dropped + $6"
        " WHERE job_id = $1",
        job_id, done.rows, done.imported, done.known, done.quarantined, done.dropped,
    )  # fmt: skip


async def know_rows(tx: Tx, job_id: UUID, rows: int) -> None:
    """How many rows the file has."""
    await tx.execute("UPDATE import_job SET rows = $2 WHERE job_id = $1", job_id, rows)


async def end(tx: Tx, job_id: UUID, state: str, error: str | None = None) -> None:
    """It is over, and the file is gone."""
    await tx.execute(
        "UPDATE import_job SET state = $2, error = $3, finished_at = $4 WHERE job_id = $1",
        job_id, state, error, tx.now,
    )  # fmt: skip
    await tx.execute("DELETE FROM import_part WHERE job_id = $1", job_id)


async def forsaken(tx: Tx) -> Sequence[Any]:
    """Uploads that nobody has gone on with."""
    rows = await tx.fetch(
        "SELECT job_id FROM import_job WHERE state = 'receiving' AND NOT EXISTS (SELECT FROM"
        " import_part AS p WHERE p.job_id = import_job.job_id AND p.received_at >= $1)",
        tx.now - FORSAKEN_AFTER,
    )
    return [row["job_id"] for row in rows]
