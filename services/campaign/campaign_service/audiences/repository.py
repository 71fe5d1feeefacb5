"""The projection of members. Everything works on whole batches."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from chassis.database import Tx


async def lock(tx: Tx) -> None:
    """Merges and jobs take turns: nobody decides about or writes to an id being absorbed."""
    await tx.execute("SELECT pg_advisory_xact_lock(hashtext('campaign:members'))")


async def aliases(tx: Tx, ids: Sequence[UUID]) -> dict[UUID, UUID]:
    """Survivors of those ids that were absorbed."""
    rows = await tx.fetch(
        "SELECT absorbed_id, survivor_id FROM member_alias WHERE absorbed_id = ANY($1::uuid[])",
        ids,
    )
    return {row["absorbed_id"]: row["survivor_id"] for row in rows}


async def resolve(tx: Tx, member_id: UUID) -> UUID | None:
    """Who an id is now; None where it is not known."""
    found: UUID | None = await tx.fetchval(
        "SELECT survivor_id FROM member_alias WHERE absorbed_id = $1"
        " UNION ALL SELECT member_id FROM member WHERE member_id = $1",
        member_id,
    )
    return found


async def register(tx: Tx, members: Sequence[tuple[UUID, datetime, str]]) -> None:
    """Members as (id, registered at, language); orders may have come first."""
    await tx.execute(
        "INSERT INTO member (member_id, registered_at, language)"
        " SELECT DISTINCT ON (id) id, at, language FROM"
        " (SELECT coalesce(a.survivor_id, n.id) AS id, n.at, n.language"
        " FROM unnest($1::uuid[], $2::timestamptz[], $3::text[]) AS n (id, at, language)"
        " LEFT JOIN member_alias a ON a.absorbed_id = n.id) AS named ORDER BY id, at"
        " ON CONFLICT (member_id) DO UPDATE SET language = excluded.language,"
        " registered_at = least(member.registered_at, excluded.registered_at)",
        *_columns(members, 3),
    )


async def fold_orders(tx: Tx, orders: Sequence[tuple[UUID, datetime]]) -> None:
    """Orders as (member, paid at) into last purchase and count."""
    await tx.execute(
        "INSERT INTO member (member_id, last_order_at, orders)"
        " SELECT coalesce(a.survivor_id, o.id) AS id, max(o.at), count(*)"
        " FROM unnest($1::uuid[], $2::timestamptz[]) AS o (id, at)"
        " LEFT JOIN member_alias a ON a.absorbed_id = o.id GROUP BY 1"
        " ON CONFLICT (member_id) DO UPDATE SET orders = member.orders + excluded.orders,"
        " last_order_at = greatest(member.last_order_at, excluded.last_order_at)",
        *_columns(orders, 2),
    )


async def merge(tx: Tx, ends: Mapping[UUID, UUID]) -> None:
    """Absorbed ids become aliases of their survivors, which take over what they had done."""
    absorbed, survivors = list(ends), list(ends.values())
    await tx.execute(
        "UPDATE member_alias a SET survivor_id = m.survivor"
        " FROM unnest($1::uuid[], $2::uuid[]) AS m (absorbed, survivor)"
        " WHERE a.survivor_id = m.absorbed",
        absorbed,
        survivors,
    )
    await tx.execute(
        "INSERT INTO member_alias SELECT * FROM unnest($1::uuid[], $2::uuid[])"
        " ON CONFLICT (absorbed_id) DO UPDATE SET survivor_id = excluded.survivor_id",
        absorbed,
        survivors,
    )
    await tx.execute(
        "WITH gone AS (DELETE FROM member WHERE member_id = ANY($1::uuid[]) RETURNING *)"
        " INSERT INTO member (member_id, registered_at, language, last_order_at, orders)"
        " SELECT m.survivor, min(g.registered_at), min(g.language), max(g.last_order_at),"
        " sum(g.orders) FROM gone g JOIN unnest($1::uuid[], $2::uuid[]) AS m (absorbed, survivor)"
        " ON m.absorbed = g.member_id GROUP BY 1"
        " ON CONFLICT (member_id) DO UPDATE SET orders = member.orders + excluded.orders,"
        " registered_at = least(member.registered_at, excluded.registered_at),"
        " last_order_at = greatest(member.last_order_at, excluded.last_order_at)",
        absorbed,
        survivors,
    )


def _columns(rows: Sequence[tuple[object, ...]], width: int) -> list[list[object]]:
    return [[row[index] for row in rows] for index in range(width)]
