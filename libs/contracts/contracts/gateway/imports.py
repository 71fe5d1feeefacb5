"""Files of members, orders, refunds, stock and third parties' knowledge, taken in as jobs."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import AwareDatetime, Base64Bytes, Field

from contracts.auditing import Action
from contracts.base import Model
from contracts.classification import Kind, internal, personal, public
from contracts.operations import DRY_RUN, Operation
from contracts.roles import Role

_TAGS = ("Collect",)
_IMPORTERS = frozenset({Role.DATA_OPERATOR, Role.OPERATOR, Role.ADMIN})
MAX_PART_BYTES = 8 * 1024 * 1024
MAX_PARTS = 1024

ImportKind = Literal["members", "orders", "refunds", "stock", "enrichment"]
ImportState = Literal["receiving", "waiting", "running", "done", "failed"]
Content = Annotated[Base64Bytes, Field(max_length=MAX_PART_BYTES * 4 // 3 + 4)]
Share = Annotated[float, Field(ge=0, le=1), public]


class ImportRequest(Model):
    """A CSV file, or its first part; encrypted as a whole until it is read, then gone.

    `mapping` says what headings mean (`""`: nothing); those it leaves out are recognised, in
    Chinese and English. `defaults` holds for rows where a column is missing or empty. `source` is
    the system or third party that the file comes from. `sha256` (hexadecimal) of the whole file and
    its number of `parts` let an upload go on where it was cut off; a file in one part needs
    neither. The same file with the same meaning is the same job.
    """

    kind: Annotated[ImportKind, public]
    source: Annotated[str, Field(pattern=r"^[\w.:-]{1,64}$"), internal]
    mapping: Annotated[dict[str, str], Field(max_length=200), internal] = {}
    defaults: Annotated[dict[str, str], Field(max_length=50), internal] = {}
    content: Annotated[Content, personal(Kind.TEXT, at="quarantine.payload")]
    parts: Annotated[int, Field(ge=1, le=MAX_PARTS), public] = 1
    sha256: Annotated[str | None, Field(pattern="^[0-9a-f]{64}$"), internal] = None


class ImportPart(Model):
    """The `part`-th of a file, from 0; cut wherever it fits."""

    part: Annotated[int, Field(ge=0, lt=MAX_PARTS), public]
    content: Annotated[Content, personal(Kind.TEXT, at="quarantine.payload")]


class ColumnProblem(Model):
    """Why rows cannot be taken, as far as a column is to blame; rows count from the heading, 1."""

    reason: Annotated[str, public]
    rows: Annotated[int, public]
    first_row: Annotated[int, public]


class ImportColumn(Model):
    """How a column is understood: the field it means, none if it is left out."""

    column: Annotated[int, public]
    heading: Annotated[str, internal]
    field: Annotated[str | None, public] = None
    filled: Share
    problems: Annotated[list[ColumnProblem], public] = []


class ImportPreview(Model):
    """The file as understood by its first rows; personal values show their outline only.

    `missing` are fields without which nothing can be taken; of alternatives one is enough.
    """

    encoding: Annotated[str, public]
    delimiter: Annotated[str, public]
    columns: Annotated[list[ImportColumn], internal]
    missing: Annotated[list[str], public]
    rows: Annotated[list[dict[str, str]], internal]
    looked_at: Annotated[int, public]
    bad_rows: Annotated[int, public]


class Job(Model):
    """How far an import is. `rows` is known once all were read.

    `imported`, `quarantined` and `dropped` count what stands or falls together: a row, or the rows
    of an order. `known` are members that were there before; `quarantined` waits for correction;
    `dropped` is of nobody, or of members who did not agree.
    """

    job_id: Annotated[UUID, internal]
    kind: Annotated[ImportKind, public]
    source: Annotated[str, internal]
    state: Annotated[ImportState, public]
    missing_parts: Annotated[list[int], public] = []
    rows: Annotated[int | None, public] = None
    rows_done: Annotated[int, public] = 0
    progress: Share
    imported: Annotated[int, public] = 0
    known: Annotated[int, public] = 0
    quarantined: Annotated[int, public] = 0
    dropped: Annotated[int, public] = 0
    error: Annotated[str | None, public] = None
    asked_at: Annotated[AwareDatetime, public]
    started_at: Annotated[AwareDatetime | None, public] = None
    finished_at: Annotated[AwareDatetime | None, public] = None


class ImportAnswer(Model):
    """The file as understood, and the job; none if it was only tried."""

    job: Annotated[Job | None, internal] = None
    preview: Annotated[ImportPreview, internal]


OPERATIONS: list[Operation] = [
    Operation(
        "POST", "/v1/imports", "gateway", "Take in a CSV file: a job, or a preview only",
        _IMPORTERS, request=ImportRequest, response=ImportAnswer, status=202, query=(DRY_RUN,),
        own=None, tags=_TAGS, audited=Action.IMPORT,
    ),
    Operation(
        "POST", "/v1/imports/{job_id}/parts", "gateway", "Another part of a large file",
        _IMPORTERS, request=ImportPart, response=Job, own=None, tags=_TAGS,
        audited=Action.IMPORT,
    ),
    Operation(
        "GET", "/v1/jobs/{job_id}", "gateway", "How far an import is",
        _IMPORTERS | {Role.COMPLIANCE}, response=Job, own=None, tags=_TAGS,
    ),
]  # fmt: skip
