"""Stores that members bought at or joined in, and members who are children."""

from collections.abc import Collection, Mapping
from datetime import date
from uuid import UUID

from chassis.database import Tx


async def put_stores(tx: Tx, pairs: Collection[tuple[UUID, str]]) -> None:
    """Members and stores; a pair that is known stays, and is the member's own."""
    members, stores = zip(*sorted(pairs), strict=True)
    await tx.execute(
        "INSERT INTO known_store (member_id, store_id)"
        " SELECT * FROM unnest($1::uuid[], $2::text[]) ON CONFLICT (member_id, store_id)"
        " DO UPDATE SET inherited_from = NULL WHERE known_store.inherited_from IS NOT NULL",
        list(members), list(stores),
    )  # fmt: skip


async def put_children(tx: Tx, until: Mapping[UUID, date]) -> None:
    """Until when members are children; what is told last counts."""
    await tx.execute(
        "INSERT INTO child (member_id, until) SELECT * FROM unnest($1::uuid[], $2::date[])"
        " ON CONFLICT (member_id) DO UPDATE SET until = excluded.until, inherited_from = NULL",
        *map(list, zip(*sorted(until.items()), strict=True)),
    )


async def drop_children(tx: Tx, members: Collection[UUID]) -> None:
    """These are grown up."""
    await tx.execute("DELETE FROM child WHERE member_id = ANY ($1::uuid[])", list(members))


async def grown_up(tx: Tx, today: date) -> None:
    """Forget who is not a child any more."""
    await tx.execute("DELETE FROM child WHERE until <= $1", today)


async def merge(tx: Tx, survivors: Collection[UUID], absorbed: Collection[UUID]) -> None:
    """What is known of the absorbed holds for the survivor as well; the younger age counts."""
    pairs = (list(survivors), list(absorbed))
    await tx.execute(
        "INSERT INTO known_store (member_id, store_id, inherited_from)"
        " SELECT m.survivor, k.store_id, coalesce(k.inherited_from, m.absorbed)"
        " FROM unnest($1::uuid[], $2::uuid[]) AS m (survivor, absorbed)"
        " JOIN known_store k ON k.member_id = m.absorbed ON CONFLICT DO NOTHING",
        *pairs,
    )
    await tx.execute(
        "INSERT INTO child (member_id, until, inherited_from)"
        " SELECT m.survivor, c.until, coalesce(c.inherited_from, m.absorbed)"
        " FROM unnest($1::uuid[], $2::uuid[]) AS m (survivor, absorbed)"
        " JOIN child c ON c.member_id = m.absorbed"
        " ON CONFLICT (member_id) DO UPDATE SET until = greatest(child.until, excluded.until)",
        *pairs,
    )


async def split(tx: Tx, restored: Collection[UUID]) -> None:
    """What others know only by them they do not know any more."""
    for table in ("known_store", "child"):
        await tx.execute(
            f"DELETE FROM {table} WHERE inherited_from = ANY ($1::uuid[])"
            " AND member_id <> ALL ($1::uuid[])",
            list(restored),
        )


async def known_in(tx: Tx, store_id: str, members: Collection[UUID]) -> set[UUID]:
    """Which of the members bought or joined in a store."""
    rows = await tx.fetch(
        "SELECT member_id FROM known_store WHERE store_id = $1 AND member_id = ANY ($2::uuid[])",
        store_id, list(members),
    )  # fmt: skip
    return {row["member_id"] for row in rows}


async def children(tx: Tx, members: Collection[UUID], today: date) -> set[UUID]:
    """Which of the members are children."""
    rows = await tx.fetch(
        "SELECT member_id FROM child WHERE member_id = ANY ($1::uuid[]) AND until > $2",
        list(members), today,
    )  # fmt: skip
    return {row["member_id"] for row in rows}
