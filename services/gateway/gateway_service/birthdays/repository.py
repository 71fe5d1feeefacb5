"""Members by the blind index of their day of birth."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from uuid import UUID

from chassis.database import Tx


async def put(tx: Tx, indexes: Mapping[UUID, bytes]) -> None:
    """What is told last counts."""
    await tx.execute(
        "INSERT INTO birthday (member_id, index)"
        " SELECT * FROM unnest($1::uuid[], $2::bytea[]) ON CONFLICT (member_id)"
        " DO UPDATE SET index = excluded.index WHERE birthday.index <> excluded.index",
        *map(list, zip(*sorted(indexes.items()), strict=True)),
    )


async def drop(tx: Tx, members: Collection[UUID]) -> None:
    """Their birthdays are not known any more."""
    await tx.execute("DELETE FROM birthday WHERE member_id = ANY ($1::uuid[])", list(members))


async def born_on(tx: Tx, indexes: Sequence[bytes], after: UUID, limit: int) -> list[UUID]:
    """Living members with one of these indexes, in order."""
    rows = await tx.fetch(
        "SELECT member_id FROM birthday b WHERE index = ANY ($1::bytea[]) AND member_id > $2"
        " AND NOT EXISTS (SELECT FROM merged_member m WHERE m.absorbed_id = b.member_id)"
        " ORDER BY member_id LIMIT $3",
        indexes, after, limit,
    )  # fmt: skip
    return [row["member_id"] for row in rows]


async def bound_to(tx: Tx, members: Collection[UUID]) -> defaultdict[UUID, set[bytes]]:
    """By member, the ids (16 bytes each) that its sealed values may be bound to besides its own."""
    rows = await tx.fetch(
        "SELECT survivor_id, absorbed_id FROM merged_member WHERE survivor_id = ANY ($1::uuid[])",
        list(members),
    )
    found: defaultdict[UUID, set[bytes]] = defaultdict(set)
    for row in rows:
        found[row["survivor_id"]].add(row["absorbed_id"].bytes)
    return found
