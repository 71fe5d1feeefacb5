"""The projection of members. Everything works on whole batches."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from chassis.database import Tx

_MERGED = "EXISTS (SELECT FROM member_alias a WHERE n.id IN (a.absorbed_id, a.survivor_id))"


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
    await tx.execute(
        "INSERT INTO member_part (member_id, registered_at, language)"
        " SELECT DISTINCT ON (id) id, at, language"
        " FROM unnest($1::uuid[], $2::timestamptz[], $3::text[]) AS n (id, at, language)"
        f" WHERE {_MERGED} ORDER BY id, at"
        " ON CONFLICT (member_id) DO UPDATE SET language = excluded.language,"
        " registered_at = least(member_part.registered_at, excluded.registered_at)",
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
    await tx.execute(
        "INSERT INTO member_part (member_id, last_order_at, orders)"
        " SELECT n.id, max(n.at), count(*)"
        f" FROM unnest($1::uuid[], $2::timestamptz[]) AS n (id, at) WHERE {_MERGED} GROUP BY 1"
        " ON CONFLICT (member_id) DO UPDATE SET orders = member_part.orders + excluded.orders,"
        " last_order_at = greatest(member_part.last_order_at, excluded.last_order_at)",
        *_columns(orders, 2),
    )


async def change_tiers(tx: Tx, changes: Sequence[tuple[UUID, str, datetime]]) -> set[UUID]:
    """Tiers as (member, tier, since), the last one of each; answers who they are now."""
    rows = await tx.fetch(
        "INSERT INTO member (member_id, tier, tier_at)"
        " SELECT DISTINCT ON (id) coalesce(a.survivor_id, t.member) AS id, t.tier, t.at"
        " FROM unnest($1::uuid[], $2::text[], $3::timestamptz[]) WITH ORDINALITY"
        " AS t (member, tier, at, place) LEFT JOIN member_alias a ON a.absorbed_id = t.member"
        " ORDER BY id, t.at DESC, t.place DESC"
        " ON CONFLICT (member_id) DO UPDATE SET tier = excluded.tier, tier_at = excluded.tier_at"
        " WHERE member.tier_at IS NULL OR member.tier_at <= excluded.tier_at RETURNING member_id",
        *_columns(changes, 3),
    )
    await tx.execute(
        "INSERT INTO member_part (member_id, orders, tier, tier_at)"
        " SELECT DISTINCT ON (n.id) n.id, 0, n.tier, n.at"
        " FROM unnest($1::uuid[], $2::text[], $3::timestamptz[]) WITH ORDINALITY"
        f" AS n (id, tier, at, place) WHERE {_MERGED} ORDER BY n.id, n.at DESC, n.place DESC"
        " ON CONFLICT (member_id) DO UPDATE SET tier = excluded.tier, tier_at = excluded.tier_at"
        " WHERE member_part.tier_at IS NULL OR member_part.tier_at <= excluded.tier_at",
        *_columns(changes, 3),
    )
    return {row["member_id"] for row in rows}


async def enter(
    tx: Tx, segment_id: UUID, members: Sequence[UUID], entered_at: datetime, version: int
) -> set[UUID]:
    """These are in a segment; answers those who were not before, as who they are now."""
    rows = await tx.fetch(
        "INSERT INTO segment_member (segment_id, member_id, entered_at, version)"
        " SELECT DISTINCT $1::uuid, coalesce(a.survivor_id, n.id), $3::timestamptz, $4::bigint"
        " FROM unnest($2::uuid[]) AS n (id) LEFT JOIN member_alias a ON a.absorbed_id = n.id"
        " ON CONFLICT (segment_id, member_id) DO UPDATE"
        " SET version = greatest(segment_member.version, excluded.version)"
        " RETURNING member_id, xmax = 0 AS new",
        segment_id,
        list(members),
        entered_at,
        version,
    )
    return {row["member_id"] for row in rows if row["new"]}


async def leave(tx: Tx, segment_id: UUID, members: Sequence[UUID], version: int) -> None:
    """These are in a segment no more, unless they have entered it later."""
    await tx.execute(
        "DELETE FROM segment_member s USING unnest($2::uuid[]) AS n (id)"
        " LEFT JOIN member_alias a ON a.absorbed_id = n.id"
        " WHERE s.segment_id = $1 AND s.member_id = coalesce(a.survivor_id, n.id)"
        " AND s.version < $3",
        segment_id,
        list(members),
        version,
    )


async def _follow_segments(tx: Tx, absorbed: Sequence[UUID], survivors: Sequence[UUID]) -> None:
    """Survivors are where the absorbed were; where they are already, that is when they entered."""
    await tx.execute(
        "WITH gone AS (DELETE FROM segment_member WHERE member_id = ANY($1::uuid[]) RETURNING *)"
        " INSERT INTO segment_member (segment_id, member_id, entered_at, version)"
        " SELECT g.segment_id, m.survivor, min(g.entered_at), max(g.version) FROM gone g"
        " JOIN unnest($1::uuid[], $2::uuid[]) AS m (absorbed, survivor) ON m.absorbed = g.member_id"
        " GROUP BY 1, 2 ON CONFLICT DO NOTHING",
        absorbed,
        survivors,
    )


async def merge(tx: Tx, ends: Mapping[UUID, UUID]) -> None:
    """Absorbed ids become aliases of their survivors, which take over what they had done."""
    absorbed, survivors = list(ends), list(ends.values())
    await tx.execute(
        "INSERT INTO member_part"
        " (member_id, registered_at, language, last_order_at, orders, tier, tier_at)"
        " SELECT member_id, registered_at, language, last_order_at, orders, tier, tier_at"
        " FROM member"
        " WHERE member_id = ANY($1::uuid[]) ON CONFLICT DO NOTHING",
        absorbed + survivors,
    )
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
    await _follow_segments(tx, absorbed, survivors)


async def split(tx: Tx, restored: UUID, members: Sequence[UUID]) -> UUID | None:
    """It answers for itself and `members` again; answers who it was merged into, None: nobody.

    Which segments it is in is told by profile.
    """
    root: UUID | None = await tx.fetchval(
        "DELETE FROM member_alias WHERE absorbed_id = $1 RETURNING survivor_id", restored
    )
    if root is None:
        return None
    await tx.execute(
        "UPDATE member_alias SET survivor_id = $1 WHERE absorbed_id = ANY($2::uuid[])",
        restored,
        list(members),
    )
    for each in (root, restored):
        await _rebuild(tx, each)
    return root


async def _rebuild(tx: Tx, member_id: UUID) -> None:
    """A member is what was told of its ids; one that is alone again needs no parts."""
    await tx.execute(
        "WITH told AS (SELECT p.* FROM member_part p LEFT JOIN member_alias a"
        " ON a.absorbed_id = p.member_id WHERE coalesce(a.survivor_id, p.member_id) = $1),"
        " whole AS (SELECT min(registered_at) AS registered_at,"
        " max(last_order_at) AS last_order_at,"
        " coalesce((array_agg(language ORDER BY member_id <> $1, registered_at)"
        " FILTER (WHERE language IS NOT NULL))[1], 'zh') AS language,"
        " sum(orders) AS orders, min(tier) FILTER (WHERE member_id = $1) AS tier,"
        " min(tier_at) FILTER (WHERE member_id = $1) AS tier_at FROM told HAVING count(*) > 0)"
        " INSERT INTO member"
        " (member_id, registered_at, language, last_order_at, orders, tier, tier_at)"
        " SELECT $1, registered_at, language, last_order_at, orders, tier, tier_at FROM whole"
        " ON CONFLICT (member_id) DO UPDATE SET registered_at = excluded.registered_at,"
        " language = excluded.language, last_order_at = excluded.last_order_at,"
        " orders = excluded.orders, tier = excluded.tier, tier_at = excluded.tier_at",
        member_id,
    )
    await tx.execute(
        "DELETE FROM member_part WHERE member_id = $1"
        " AND NOT EXISTS (SELECT FROM member_alias WHERE survivor_id = $1)",
        member_id,
    )


def _columns(rows: Sequence[tuple[object, ...]], width: int) -> list[list[object]]:
    return [[row[index] for row in rows] for index in range(width)]
