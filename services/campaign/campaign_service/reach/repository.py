"""What was told of each id, in sets. Nothing moves when members are merged: aliases lead here."""

from collections.abc import Iterable, Sequence
from typing import Literal
from uuid import UUID

from campaign_service.reach.domain import Flip
from chassis.database import Tx

Column = Literal["agreed", "reach", "suppressed", "barred"]


async def flip(tx: Tx, column: Column, flips: Iterable[Flip]) -> None:
    """Set and clear bits of ids; each id at most once."""
    rows = sorted(flips, key=lambda each: each.member_id)  # always in one sequence: no deadlocks
    await tx.execute(
        f"INSERT INTO contactable (member_id, {column})"
        f" SELECT n.id, n.on_bits FROM unnest($1::uuid[], $2::int[], $3::int[])"
        f" AS n (id, on_bits, off_bits)"
        f" ON CONFLICT (member_id) DO UPDATE SET {column} = excluded.{column}"
        f" | (contactable.{column} & ~(SELECT f.off_bits"
        f" FROM unnest($1::uuid[], $3::int[]) AS f (id, off_bits)"
        f" WHERE f.id = excluded.member_id))",
        [row.member_id for row in rows],
        [row.on for row in rows],
        [row.off for row in rows],
    )


async def unreach(tx: Tx, lost: Sequence[tuple[UUID, int]]) -> None:
    """These channels lead to a member no more, by whichever of its ids."""
    await tx.execute(
        "UPDATE contactable c SET reach = c.reach & ~n.bits FROM (SELECT id, bit_or(bits) AS bits"
        " FROM (SELECT f.id, f.bits FROM unnest($1::uuid[], $2::int[]) AS f (id, bits) UNION ALL"
        " SELECT a.absorbed_id, f.bits FROM unnest($1::uuid[], $2::int[]) AS f (id, bits)"
        " JOIN member_alias a ON a.survivor_id = f.id) AS each GROUP BY id) AS n"
        " WHERE c.member_id = n.id",
        [member for member, _ in lost],
        [mask for _, mask in lost],
    )


async def prefer(tx: Tx, rows: Sequence[tuple[UUID, int, str | None]]) -> None:
    """Preferred channels as (member, version, channel); a greater version is later."""
    await tx.execute(
        "INSERT INTO contactable (member_id, prefers, prefers_version)"
        " SELECT DISTINCT ON (n.id) n.id, n.channel, n.version"
        " FROM unnest($1::uuid[], $2::bigint[], $3::text[]) AS n (id, version, channel)"
        " WHERE n.channel IS NOT NULL"
        " OR EXISTS (SELECT FROM contactable c WHERE c.member_id = n.id)"
        " ORDER BY n.id, n.version DESC"
        " ON CONFLICT (member_id) DO UPDATE SET prefers = excluded.prefers,"
        " prefers_version = excluded.prefers_version"
        " WHERE contactable.prefers_version < excluded.prefers_version",
        [member for member, _, _ in rows],
        [version for _, version, _ in rows],
        [channel for _, _, channel in rows],
    )
