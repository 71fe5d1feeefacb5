"""Taking a file: understand it, show what was understood, keep it locked until the job is done."""

import hashlib
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

import msgspec

from chassis.clock import local_date
from chassis.database import Tx
from chassis.ids import Ids
from chassis.principal import Principal
from chassis.problem import Problem
from contracts.gateway import imports as api
from gateway_service.access.strongbox import lock
from gateway_service.collect.detect import looks_personal
from gateway_service.desensitize.masks import STARS, mask
from gateway_service.imports import repository
from gateway_service.imports.fields import is_field, kind_of, missing, recognised
from gateway_service.imports.reading import Form, Reader, Unreadable, form_of, values_of
from gateway_service.imports.repository import ImportJob
from gateway_service.imports.rows import Grouping, Unit, checked, identifiers, understood
from gateway_service.imports.values import BadRow
from gateway_service.vault.index import Unusable, normalise
from gateway_service.vault.keys import Keys

SHOWN, LOOKED_AT = 5, 1_000
LOCKED = "imports"


@dataclass(frozen=True, slots=True)
class _Table:
    """The beginning of a file."""

    form: Form
    headings: Sequence[str]
    fields: list[str | None]
    records: Sequence[Sequence[str]]


@dataclass(frozen=True, slots=True)
class Intake:
    """What taking files needs; `ring` says that there is something to do."""

    keys: Keys
    ids: Ids
    ring: Callable[[], None]


async def accept(
    tx: Tx, intake: Intake, principal: Principal, wanted: api.ImportRequest
) -> api.ImportAnswer:
    """The job, new or known, and its preview. Raises Problem 422."""
    table = _table(wanted)
    shown = _preview(wanted, table, local_date(tx.now))
    if shown.missing:
        raise Problem(
            422, "columns_missing", "Columns are missing", pointer="/mapping",
            detail="one of each is needed: " + ", ".join(shown.missing),
        )  # fmt: skip
    digest = _digest(wanted)
    said = msgspec.json.encode([table.fields, wanted.defaults], order="sorted").decode()
    job_id = intake.ids.derive("import", wanted.kind, wanted.source, digest.hex(), said)
    await repository.add(
        tx,
        ImportJob(
            job_id, wanted.kind, wanted.source, "receiving", table.fields, wanted.defaults,
            table.form.encoding, table.form.delimiter, digest, wanted.parts, principal.subject,
            tx.now,
        ),
    )  # fmt: skip
    job = await receive(tx, intake, job_id, api.ImportPart.model_construct(
        part=0, content=wanted.content
    ))  # fmt: skip
    return api.ImportAnswer(job=job, preview=shown)


def tried(wanted: api.ImportRequest, today: date) -> api.ImportAnswer:
    """What would be understood. Raises Problem 422."""
    return api.ImportAnswer(preview=_preview(wanted, _table(wanted), today))


async def receive(tx: Tx, intake: Intake, job_id: UUID, part: api.ImportPart) -> api.Job:
    """One more part; the last one sets the job going. Raises Problem 404 or 422."""
    job = await _found(tx, job_id, lock=True)
    if job.state == "receiving":
        if part.part >= job.parts:
            raise Problem(422, "no_such_part", "The file has fewer parts", pointer="/part")
        locked = lock(intake.keys, LOCKED, part.content, f"{job_id}:{part.part}")
        await repository.add_part(tx, job_id, part.part, locked)
        if len(await repository.parts_there(tx, job_id)) == job.parts:
            await repository.complete(tx, job_id)
            tx.after_commit(intake.ring)
    return await show(tx, job_id)


async def show(tx: Tx, job_id: UUID) -> api.Job:
    """A job. Raises Problem 404."""
    job = await _found(tx, job_id)
    lacking: set[int] = set()
    if job.state == "receiving":
        lacking = set(range(job.parts)) - set(await repository.parts_there(tx, job_id))
    ended = job.state == "done"
    return api.Job.model_validate(
        {
            **{name: getattr(job, name) for name in api.Job.model_fields if hasattr(job, name)},
            "missing_parts": sorted(lacking),
            "progress": 1.0 if ended else min(1.0, job.rows_done / job.rows) if job.rows else 0.0,
        }
    )


async def _found(tx: Tx, job_id: UUID, *, lock: bool = False) -> ImportJob:
    job = await repository.find(tx, job_id, lock=lock)
    if job is None:
        raise Problem(404, "unknown_job", "There is no such job", pointer="#path/job_id")
    return job


def _digest(wanted: api.ImportRequest) -> bytes:
    if wanted.parts == 1:
        digest = hashlib.sha256(wanted.content).digest()
        if wanted.sha256 not in (None, digest.hex()):
            raise Problem(422, "damaged", "The file is not the one that was meant",
                          pointer="/sha256")  # fmt: skip
        return digest
    if wanted.sha256 is None:
        raise Problem(422, "sha256_needed", "A file in parts names its sha256", pointer="/sha256")
    return bytes.fromhex(wanted.sha256)


def _table(wanted: api.ImportRequest) -> _Table:
    for pointer, names in (("/mapping", wanted.mapping.values()), ("/defaults", wanted.defaults)):
        if not all(name == "" or is_field(wanted.kind, name) for name in names):
            raise Problem(422, "unknown_field", "No such field", pointer=pointer)
    if any(kind_of(wanted.kind, name) for name in wanted.defaults):
        raise Problem(
            422, "personal_default", "Nobody's own value is everybody's", pointer="/defaults"
        )
    try:
        form = form_of(wanted.content)
        records = Reader(form).feed(wanted.content, last=wanted.parts == 1)
    except Unreadable as error:
        raise Problem(
            422, "unreadable", "This is no CSV file", detail=str(error), pointer="/content"
        ) from None
    headings = [heading.strip() for heading in records[0]] if records else []
    if len(records) < 2:
        raise Problem(422, "no_rows", "The file has no rows", pointer="/content")
    if any(map(looks_personal, headings)):
        raise Problem(
            422, "no_headings", "The first row holds values, not headings", pointer="/content"
        )
    fields = recognised(wanted.kind, headings, wanted.mapping)
    return _Table(form, headings, fields, records[1:])


def _preview(wanted: api.ImportRequest, table: _Table, today: date) -> api.ImportPreview:
    records = table.records[:LOOKED_AT]
    rows = list(enumerate((values_of(r, table.fields, wanted.defaults) for r in records), 2))
    grouping = Grouping(wanted.kind)
    bad: Counter[tuple[str, str]] = Counter()
    first: dict[tuple[str, str], int] = {}
    for unit in grouping.units(rows, last=True):
        if (wrong := _wrong(wanted.kind, unit)) is not None:
            bad[wrong.field, wrong.reason] += 1
            first.setdefault((wrong.field, wrong.reason), unit.row)
    columns = []
    for n, (heading, field) in enumerate(zip(table.headings, table.fields, strict=True)):
        filled = sum(n < len(each) and bool(each[n].strip()) for each in records)
        problems = [
            api.ColumnProblem(reason=reason, rows=count, first_row=first[name, reason])
            for (name, reason), count in bad.items()
            if name == field
        ]
        columns.append(
            api.ImportColumn(
                column=n + 1, heading=heading, field=field, filled=filled / len(records),
                problems=problems,
            )
        )  # fmt: skip
    return api.ImportPreview(
        encoding=table.form.encoding,
        delimiter=table.form.delimiter,
        columns=columns,
        missing=missing(wanted.kind, table.fields, wanted.defaults),
        rows=[_shown(wanted.kind, values, today) for _, values in rows[:SHOWN]],
        looked_at=len(records),
        bad_rows=bad.total(),
    )


def _wrong(kind: str, unit: Unit) -> BadRow | None:
    try:
        checked(kind, unit)
        if kind not in ("stock", "refunds"):
            for name, value in identifiers(unit.lines[0]):
                _usable(kind, name, value)
    except BadRow as bad:
        return bad
    return None


def _usable(kind: str, name: str, value: str) -> None:
    personal = kind_of(kind, name)
    assert personal is not None
    try:
        normalise(personal, value)
    except Unusable as unusable:
        raise BadRow(str(unusable), name) from None


def _shown(kind: str, values: dict[str, str], today: date) -> dict[str, str]:
    """The values of a row as understood, personal ones in outline."""
    shown = {}
    for name, value in understood(values).items():
        personal = kind_of(kind, name)
        shown[name] = mask(personal, value, today) if personal else value
        if personal is None and looks_personal(value):
            shown[name] = STARS
    return shown
