"""Entries of the audit: added and read, never changed."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from chassis.database import Tx
from chassis.principal import Principal
from contracts.gateway.audit import AuditItem


@dataclass(frozen=True, slots=True)
class PlainRead:
    """Who is about to see which kinds of value of whom, and why."""

    principal: Principal
    ticket: str | None
    operation: str
    members: Iterable[bytes]
    kinds: Iterable[str]
    trace_id: str


async def add(tx: Tx, read: PlainRead) -> None:
    """One entry."""
    await tx.execute(
        "INSERT INTO audit_entry"
        " (id, at, role, subject, purpose, ticket, operation, members, kinds, trace_id)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        tx.ids.new(), tx.now, read.principal.role, read.principal.subject,
        read.principal.purpose or "", read.ticket, read.operation,
        sorted(UUID(bytes=member) for member in read.members), sorted(read.kinds), read.trace_id,
    )  # fmt: skip


async def page(tx: Tx, limit: int, before: datetime | None, last: UUID | None) -> list[AuditItem]:
    """Newest first, after the row of this moment and id."""
    rows = await tx.fetch(
        "SELECT id, at, role, subject, purpose, ticket, operation, members, kinds, trace_id"
        " FROM audit_entry WHERE $1::timestamptz IS NULL OR (at, id) < ($1, $2::uuid)"
        " ORDER BY at DESC, id DESC LIMIT $3",
        before, last, limit,
    )  # fmt: skip
    return [AuditItem(**row) for row in rows]
