"""Incidents, and whom each concerns by table."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from chassis.database import Tx
from contracts.gateway.incidents import IncidentRequest
from gateway_service.audit.domain import moment


@dataclass(frozen=True, slots=True)
class Stored:
    """An incident; `done` are the tables that were read."""

    incident_id: UUID
    opened_at: datetime
    opened_by: str
    request: IncidentRequest
    done: list[str]
    finished_at: datetime | None


_SELECT = "SELECT incident_id, opened_at, opened_by, request, done, finished_at FROM incident"


async def add(tx: Tx, incident_id: UUID, opened_by: str, request: IncidentRequest) -> None:
    """Open one."""
    await tx.execute(
        "INSERT INTO incident (incident_id, opened_at, opened_by, request, done)"
        " VALUES ($1, $2, $3, $4, '{}')",
        incident_id, tx.now, opened_by, request.model_dump(mode="json"),
    )  # fmt: skip


async def get(tx: Tx, incident_id: UUID) -> Stored | None:
    """One."""
    row = await tx.fetchrow(f"{_SELECT} WHERE incident_id = $1", incident_id)
    return _stored(row) if row else None


async def unfinished(tx: Tx) -> list[UUID]:
    """Those that are not finished, the oldest first."""
    rows = await tx.fetch(
        "SELECT incident_id FROM incident WHERE finished_at IS NULL ORDER BY opened_at, incident_id"
    )
    return [row["incident_id"] for row in rows]


async def taken(tx: Tx, incident_id: UUID) -> Stored | None:
    """One to work on, locked; None if it is finished or somebody else works on it."""
    row = await tx.fetchrow(
        f"{_SELECT} WHERE incident_id = $1 AND finished_at IS NULL FOR UPDATE SKIP LOCKED",
        incident_id,
    )
    return _stored(row) if row else None


async def concerned(tx: Tx, incident_id: UUID, table: str, members: Sequence[UUID]) -> None:
    """Those found in a table, as who they are now, and that it was read."""
    await tx.execute(
        "INSERT INTO incident_member (incident_id, member_id, source)"
        " SELECT $1, coalesce(m.survivor_id, f.member_id), $2 FROM unnest($3::uuid[]) f (member_id)"
        " LEFT JOIN merged_member m ON m.absorbed_id = f.member_id ON CONFLICT DO NOTHING",
        incident_id, table, list(members),
    )  # fmt: skip
    await tx.execute(
        "UPDATE incident SET done = array_append(done, $2) WHERE incident_id = $1",
        incident_id, table,
    )  # fmt: skip


async def finish(tx: Tx, incident_id: UUID) -> None:
    """Everything was read."""
    await tx.execute(
        "UPDATE incident SET finished_at = $2 WHERE incident_id = $1", incident_id, tx.now
    )


async def counts(tx: Tx, incident_id: UUID) -> dict[tuple[str, ...], int]:
    """Members by the set of tables they were found in."""
    rows = await tx.fetch(
        "SELECT sources, count(*) AS members FROM ("
        " SELECT array_agg(source ORDER BY source) AS sources FROM incident_member"
        " WHERE incident_id = $1 GROUP BY member_id) each GROUP BY sources",
        incident_id,
    )
    return {tuple(row["sources"]): row["members"] for row in rows}


async def page(
    tx: Tx, incident_id: UUID, after: UUID | None, limit: int
) -> list[tuple[UUID, list[str]]]:
    """(member, tables) by id."""
    rows = await tx.fetch(
        "SELECT member_id, array_agg(source ORDER BY source) AS sources FROM incident_member"
        " WHERE incident_id = $1 AND ($2::uuid IS NULL OR member_id > $2)"
        " GROUP BY member_id ORDER BY member_id LIMIT $3",
        incident_id, after, limit,
    )  # fmt: skip
    return [(row["member_id"], row["sources"]) for row in rows]


async def read_with(tx: Tx, request: IncidentRequest) -> AsyncIterator[str]:
    """Pseudonyms of those whose values were read with the credentials in the window."""
    rows = await tx.fetch(
        "SELECT DISTINCT jsonb_array_elements_text(members) AS member FROM audit"
        " WHERE at >= $1 AND at <= $2 AND subject = ANY($3::text[])",
        moment(request.since), moment(request.until), request.credentials,
    )  # fmt: skip
    for row in rows:
        yield row["member"]


async def under(tx: Tx, key: str, version: int) -> list[UUID]:
    """Owners of data keys that were wrapped under a version of the wrapping key, or of the root
    key above it: each that there was before the next version took over. Who has lost a first
    version may have had it then."""
    ended = (
        "SELECT min(created_at) FROM wrapping_key WHERE version > $1"
        if key == "wrapping"
        else "SELECT min(begun_at) FROM rotation WHERE scope = 'root' AND version > $1"
    )
    rows = await tx.fetch(
        "SELECT owner FROM data_key GROUP BY owner"
        f" HAVING min(created_at) <= coalesce(({ended}), 'infinity') OR min(version) > 1",
        version,
    )
    return [row["owner"] for row in rows]


def _stored(row: dict[str, object]) -> Stored:
    values = dict(row)
    request = IncidentRequest.model_validate(values.pop("request"))
    return Stored(request=request, **values)  # type: ignore[arg-type]
