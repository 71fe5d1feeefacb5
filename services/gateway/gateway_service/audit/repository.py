"""Entries of the audit: added and read, never changed."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from chassis.database import Tx
from contracts.auditing import Action
from contracts.evidence.checkpoints import Lane
from contracts.gateway.audit import AuditItem
from gateway_service.audit.domain import moment


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which entries; None means any. `member` is a pseudonym."""

    since: datetime | None = None
    until: datetime | None = None
    subject: str | None = None
    action: Action | None = None
    member: UUID | None = None


async def append(tx: Tx, bodies: Sequence[str]) -> None:
    """Put entries (canonical JSON) at the end of a lane."""
    await tx.execute("SELECT audit_append($1::text[])", list(bodies))


async def page(
    tx: Tx, wanted: Wanted, limit: int, before: datetime | None, last: UUID | None
) -> list[AuditItem]:
    """Newest first, after the entry of this moment and id."""
    conditions, values = _conditions(wanted)
    if before is not None:
        conditions.append(f"(at, id) < (${len(values) + 1}, ${len(values) + 2})")
        values += [moment(before), str(last)]
    where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
    rows = await tx.fetch(
        f"SELECT body FROM audit{where} ORDER BY at DESC, id DESC LIMIT ${len(values) + 1}",
        *values, limit,
    )  # fmt: skip
    return [AuditItem.model_validate_json(row["body"]) for row in rows]


async def leaves(
    tx: Tx, after: Sequence[Lane], upto: Sequence[Lane]
) -> list[tuple[int, int, bytes]]:
    """(number, lane, hash) between two ends of every lane, lane by lane."""
    rows = await tx.fetch(
        "SELECT e.number, e.lane, e.hash"
        " FROM unnest($1::smallint[], $2::bigint[], $3::bigint[]) AS r (lane, after, upto)"
        " JOIN audit_entry e ON e.lane = r.lane AND e.number > r.after AND e.number <= r.upto"
        " ORDER BY e.lane, e.number",
        [each.lane for each in upto],
        [each.head for each in after],
        [each.head for each in upto],
    )
    return [(row["number"], row["lane"], row["hash"]) for row in rows]


async def everything(tx: Tx) -> AsyncIterator[tuple[int, int, str, bytes]]:
    """(lane, number, body, hash) of every entry, lane by lane."""
    cursor: Any = tx.conn.cursor(
        "SELECT lane, number, body, hash FROM audit_entry ORDER BY lane, number", prefetch=1000
    )
    async for row in cursor:
        yield tuple(row)


def _conditions(wanted: Wanted) -> tuple[list[str], list[object]]:
    given = (
        ("at >= ${}", moment(wanted.since) if wanted.since else None),
        ("at < ${}", moment(wanted.until) if wanted.until else None),
        ("subject = ${}", wanted.subject),
        ("action = ${}", wanted.action),
        ("members ? ${}", str(wanted.member) if wanted.member else None),
    )
    found = [(condition, value) for condition, value in given if value is not None]
    conditions = [condition.format(n) for n, (condition, _) in enumerate(found, 1)]
    return conditions, [value for _, value in found]
