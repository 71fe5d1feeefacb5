"""Rows of `identifier_tail`."""

from collections.abc import Sequence

from chassis.database import Tx
from gateway_service.tails.domain import Row


async def put(tx: Tx, rows: Sequence[Row]) -> None:
    """Identifiers with their tails; the erased get none, however late they are told."""
    await tx.execute(
        "INSERT INTO identifier_tail (index, tail, member_id)"
        " SELECT n.* FROM unnest($1::text[], $2::bytea[], $3::uuid[]) AS n (index, tail, member_id)"
        " WHERE NOT EXISTS (SELECT FROM tombstone t WHERE t.subject = uuid_send(n.member_id))"
        " ON CONFLICT (index) DO UPDATE SET tail = excluded.tail, member_id = excluded.member_id"
        " WHERE (identifier_tail.tail, identifier_tail.member_id)"
        " IS DISTINCT FROM (excluded.tail, excluded.member_id)",
        [row.index for row in rows], [row.tail for row in rows], [row.member_id for row in rows],
    )  # fmt: skip


async def with_tail(tx: Tx, tail: bytes, limit: int) -> list[str]:
    """Indexes of identifiers that end like this."""
    rows = await tx.fetch(
        "SELECT index FROM identifier_tail WHERE tail = $1 ORDER BY index LIMIT $2", tail, limit
    )
    return [row["index"] for row in rows]
