"""Approvals in the database."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from chassis.database import Tx
from contracts.gateway.reading import ReadApproval, ReadApprovalRequest

_COLUMNS = (
    "approval_id, member_id, subject, purpose, ticket, hours, asked_at, state, decided_by,"
    " decided_at, until"
)


async def add(tx: Tx, member_id: UUID, subject: str, wanted: ReadApprovalRequest) -> ReadApproval:
    """A new question."""
    row = await tx.fetchrow(
        "INSERT INTO read_approval (approval_id, member_id, subject, purpose, ticket, hours,"
        f" asked_at, state) VALUES ($1, $2, $3, $4, $5, $6, $7, 'pending') RETURNING {_COLUMNS}",
        tx.ids.new(), member_id, subject, wanted.purpose, wanted.ticket, wanted.hours, tx.now,
    )  # fmt: skip
    return ReadApproval(**row)


async def locked(tx: Tx, approval_id: UUID) -> ReadApproval | None:
    """One, held until the transaction ends."""
    row = await tx.fetchrow(
        f"SELECT {_COLUMNS} FROM read_approval WHERE approval_id = $1 FOR UPDATE", approval_id
    )
    return ReadApproval(**row) if row else None


async def decide(
    tx: Tx, approval_id: UUID, state: str, decided_by: str, until: datetime | None
) -> ReadApproval:
    """The answer to one."""
    row = await tx.fetchrow(
        "UPDATE read_approval SET state = $2, decided_by = $3, decided_at = $4, until = $5"
        f" WHERE approval_id = $1 RETURNING {_COLUMNS}",
        approval_id, state, decided_by, tx.now, until,
    )  # fmt: skip
    return ReadApproval(**row)


async def page(
    tx: Tx, state: str | None, limit: int, before: datetime | None, last: UUID | None
) -> list[ReadApproval]:
    """Newest first, after the row of this moment and id."""
    rows = await tx.fetch(
        f"SELECT {_COLUMNS} FROM read_approval WHERE ($1::text IS NULL OR state = $1)"
        " AND ($2::timestamptz IS NULL OR (asked_at, approval_id) < ($2, $3::uuid))"
        " ORDER BY asked_at DESC, approval_id DESC LIMIT $4",
        state, before, last, limit,
    )  # fmt: skip
    return [ReadApproval(**row) for row in rows]


async def granted_to(tx: Tx, subject: str, members: Collection[UUID]) -> set[UUID]:
    """Which of the members this person may read now."""
    rows = await tx.fetch(
        "SELECT member_id FROM read_approval WHERE subject = $1 AND member_id = ANY ($2::uuid[])"
        " AND state = 'granted' AND until > $3",
        subject, list(members), tx.now,
    )  # fmt: skip
    return {row["member_id"] for row in rows}
