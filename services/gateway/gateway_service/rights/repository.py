"""Requests and what services answered; and what the gateway itself holds of a member."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from chassis.database import Tx
from chassis.rights import statements
from contracts.gateway_events import RightsAnswered
from contracts.roles import Role
from gateway_service.rights.domain import COPYING, SERVICES, Request

_MINE = "member_id = ANY($1::uuid[])"

HOLDS = {
    "consent_event": "SELECT at, purpose, channel, state, notice_version, notice_hash, asked_where,"
    f" asked_how, by_role FROM consent_event WHERE {_MINE} ORDER BY member_id, number",
    "consent": "SELECT purpose, channel, state, notice_version, changed_at FROM consent"
    f" WHERE {_MINE}",
    "token_family": f"SELECT client_id, auth_time FROM token_family WHERE {_MINE}",
    "sandbox_outbox": f"SELECT channel, recipient, text, sent_at FROM sandbox_outbox WHERE {_MINE}",
    "outgoing_message": "SELECT channel, purpose, recipient, content, state, sent_at, ended_at"
    f" FROM outgoing_message WHERE {_MINE}",
    "unsubscribe_link": "SELECT campaign_id, purpose, channel, sent_at FROM unsubscribe_link"
    f" WHERE {_MINE}",
    "known_store": f"SELECT DISTINCT store_id FROM known_store WHERE {_MINE}",
    "child": f"SELECT until FROM child WHERE {_MINE}",
    "read_approval": "SELECT purpose, asked_at, state, decided_at FROM read_approval"
    f" WHERE {_MINE}",
    "correction": "SELECT corrected_at, source, field, rule, before, after FROM correction"
    f" WHERE {_MINE} ORDER BY corrected_at, id",
    "rights_request": "SELECT kind, requested_at, state, answered_at, reason FROM rights_request"
    " WHERE members && $1::uuid[] ORDER BY requested_at",
}
KEPT = {
    "consent_event": "proof of what was allowed, by bare ids",
    "consent_head": "the end of that chain",
    "merged_member": "ids alone",
    "read_approval": "proof of who saw what, by bare ids",
    "incident_member": "proof of who had to be told, by bare ids",
    "rights_request": "proof of what was asked and answered, without its archive",
    "suppression": "keyed indexes of addresses, so that who was erased is not written to again",
}

forget = statements(
    f"DELETE FROM consent WHERE {_MINE}",
    f"DELETE FROM identifier_tail WHERE {_MINE}",
    f"DELETE FROM birthday WHERE {_MINE}",
    f"DELETE FROM known_store WHERE {_MINE}",
    f"DELETE FROM child WHERE {_MINE}",
    f"DELETE FROM correction WHERE {_MINE}",
    f"DELETE FROM sandbox_outbox WHERE {_MINE}",
    f"DELETE FROM outgoing_message WHERE {_MINE}",
    f"DELETE FROM unsubscribe_link WHERE {_MINE}",
    f"DELETE FROM token_family WHERE {_MINE}",
    "UPDATE rights_request SET archive = NULL, archive_until = NULL WHERE members && $1::uuid[]",
    "DELETE FROM rights_answer USING rights_request r WHERE r.request_id = rights_answer.request_id"
    " AND r.members && $1::uuid[] AND state = 'open'",
)

_COLUMNS = (
    "request_id, members, kind, requested_at, due_at, by_role, by_subject, ticket, state,"
    " answered_at, reason, fields, archive, archive_until, owed_fen"
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which requests; None means any."""

    member: UUID | None = None
    state: str | None = None
    overdue: bool = False


def _request(row: Any) -> Request:
    return Request(**{**row, "by_role": Role(row["by_role"])})


async def add(tx: Tx, request: Request) -> None:
    """A new one."""
    await tx.execute(
        f"INSERT INTO rights_request ({_COLUMNS})"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)",
        request.request_id, list(request.members), request.kind, request.requested_at,
        request.due_at, request.by_role, request.by_subject, request.ticket, request.state,
        request.answered_at, request.reason, list(request.fields), request.archive,
        request.archive_until, request.owed_fen,
    )  # fmt: skip


async def find(
    tx: Tx, request_id: UUID, *, member: UUID | None = None, lock: bool = False
) -> Request | None:
    """A request, of this member if one is named."""
    row = await tx.fetchrow(
        f"SELECT {_COLUMNS} FROM rights_request WHERE request_id = $1"
        f" AND ($2::uuid IS NULL OR $2 = ANY(members)){' FOR UPDATE' if lock else ''}",
        request_id, member,
    )  # fmt: skip
    return _request(row) if row else None


async def page(
    tx: Tx, wanted: Wanted, limit: int, before: datetime | None, last: UUID | None
) -> list[Request]:
    """Newest first, after the one of this moment and id."""
    rows = await tx.fetch(
        f"SELECT {_COLUMNS} FROM rights_request"
        " WHERE ($1::uuid IS NULL OR members @> ARRAY[$1]) AND ($2::text IS NULL OR state = $2)"
        " AND (NOT $3 OR (state = 'open' AND due_at < $4))"
        " AND ($5::timestamptz IS NULL OR (requested_at, request_id) < ($5, $6::uuid))"
        " ORDER BY requested_at DESC, request_id DESC LIMIT $7",
        wanted.member, wanted.state, wanted.overdue, tx.now, before, last, limit,
    )  # fmt: skip
    return [_request(row) for row in rows]


async def answered(tx: Tx, requests: Iterable[UUID]) -> dict[UUID, dict[str, datetime]]:
    """Who has answered each request completely, and when."""
    rows = await tx.fetch(
        "SELECT request_id, service, max(answered_at) AS at FROM rights_answer"
        " WHERE request_id = ANY($1::uuid[]) GROUP BY 1, 2 HAVING count(*) >= max(parts)",
        list(requests),
    )
    found: dict[UUID, dict[str, datetime]] = {}
    for request_id, service, at in rows:
        found.setdefault(request_id, {})[service] = at
    return found


async def add_answers(tx: Tx, answers: Sequence[RightsAnswered]) -> None:
    """What services answered to requests that are known; a part counts once."""
    await tx.executemany(
        "INSERT INTO rights_answer (request_id, service, part, parts, sections, answered_at)"
        " SELECT $1, $2, $3, $4, $5::jsonb, $6 WHERE EXISTS (SELECT FROM rights_request"
        " WHERE request_id = $1 AND state = 'open') ON CONFLICT DO NOTHING",
        [
            (each.request_id, each.service, each.part, each.parts, each.sections, tx.now)
            for each in answers
        ],
    )


async def sections(tx: Tx, request_id: UUID) -> list[tuple[str, dict[str, Any]]]:
    """Everything that was answered: (service, rows by table) in the sequence of their parts."""
    rows = await tx.fetch(
        "SELECT service, sections FROM rights_answer WHERE request_id = $1 ORDER BY service, part",
        request_id,
    )
    return [(row["service"], row["sections"]) for row in rows]


async def finish(tx: Tx, request: Request) -> None:
    """Write how it ended; what was put together is in the archive, so the parts go empty."""
    await tx.execute(
        "UPDATE rights_request SET state = $2, answered_at = $3, reason = $4, archive = $5,"
        " archive_until = $6 WHERE request_id = $1",
        request.request_id, request.state, request.answered_at, request.reason, request.archive,
        request.archive_until,
    )  # fmt: skip
    await tx.execute(
        "UPDATE rights_answer SET sections = '{}' WHERE request_id = $1", request.request_id
    )


async def refuse_copies(tx: Tx, members: Sequence[UUID], reason: str) -> None:
    """Open requests for copies of these members come to nothing."""
    await tx.execute(
        "UPDATE rights_request SET state = 'refused', reason = $2, answered_at = $3"
        " WHERE members && $1::uuid[] AND state = 'open' AND kind = ANY($4::text[])",
        list(members), reason, tx.now, sorted(COPYING),
    )  # fmt: skip


async def drop_archives(tx: Tx, before: datetime) -> None:
    """Archives that can be fetched no longer."""
    await tx.execute("UPDATE rights_request SET archive = NULL WHERE archive_until < $1", before)


async def waiting(tx: Tx, since: datetime) -> list[Request]:
    """Open requests made before then that some service has not begun to answer."""
    rows = await tx.fetch(
        f"SELECT {_COLUMNS} FROM rights_request r WHERE state = 'open' AND requested_at < $1"
        " AND (SELECT count(DISTINCT service) FROM rights_answer a"
        " WHERE a.request_id = r.request_id) < $2 ORDER BY requested_at",
        since, len(SERVICES),
    )  # fmt: skip
    return [_request(row) for row in rows]
