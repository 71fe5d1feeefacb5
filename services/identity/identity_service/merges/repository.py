"""Loading the members that a change touches, and saving what happened to them, set by set."""

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from chassis.database import Tx
from identity_service.merges.domain import FILLABLE, Kinship, Link, Merge, Owned, Person, Reason


async def hold(tx: Tx) -> None:
    """Let one transaction at a time change who owns what, until this one ends.

    An index nobody owns yet has no row to lock, so row locks could not stop two members from
    claiming it, nor two merges from closing a circle. And outbox rows get their numbers under this
    lock, so that links and merges are told in the sequence in which they happened.
    """
    await tx.execute("SELECT pg_advisory_xact_lock(hashtext('identity:ownership'))")


async def owners_of(tx: Tx, indexes: Collection[str]) -> dict[str, UUID]:
    """The surviving owner of each index that has one."""
    rows = await tx.fetch(
        "SELECT index, member_id FROM identifier WHERE index = ANY($1::text[])", list(indexes)
    )
    return {row["index"]: row["member_id"] for row in rows}


async def owned(tx: Tx, indexes: Collection[str]) -> dict[str, Owned]:
    """The surviving owner of each index that has one, and whether that was shown."""
    rows = await tx.fetch(
        "SELECT index, member_id, proven FROM identifier WHERE index = ANY($1::text[])",
        list(indexes),
    )
    return {row["index"]: Owned(row["member_id"], row["proven"]) for row in rows}


async def roots_of(tx: Tx, members: Collection[UUID]) -> dict[UUID, UUID]:
    """The surviving member of each id that exists and was not erased."""
    if not members:
        return {}
    rows = await tx.fetch(
        "SELECT member_id, coalesce(merged_into, member_id) AS root FROM member"
        " WHERE member_id = ANY($1::uuid[]) AND erased_at IS NULL",
        list(members),
    )
    return {row["member_id"]: row["root"] for row in rows}


async def answers_as(tx: Tx, member_id: UUID) -> tuple[UUID, list[UUID]] | None:
    """The surviving member an id answers as, with every id it absorbed."""
    root = (await roots_of(tx, [member_id])).get(member_id)
    if root is None:
        return None
    rows = await tx.fetch(
        "SELECT member_id FROM member WHERE merged_into = $1 ORDER BY member_id", root
    )
    return root, [row["member_id"] for row in rows]


async def load(tx: Tx, indexes: Collection[str], members: Collection[UUID]) -> Kinship:
    """Everybody who owns one of the indexes or answers for one of the ids. `hold` first."""
    found, roots = await owned(tx, indexes), await roots_of(tx, members)
    owners = {index: each.member_id for index, each in found.items()}
    live = list({*owners.values(), *roots.values()})
    rows = await tx.fetch("SELECT * FROM member WHERE member_id = ANY($1::uuid[])", live)
    absorbed = await _grouped(
        tx,
        "SELECT merged_into AS key, array_agg(member_id ORDER BY member_id) AS found FROM member"
        " WHERE merged_into = ANY($1::uuid[]) GROUP BY 1",
        live,
    )
    identifiers = await _grouped(
        tx,
        "SELECT member_id AS key, array_agg(index ORDER BY index) AS found FROM identifier"
        " WHERE member_id = ANY($1::uuid[]) GROUP BY 1",
        live,
    )
    everybody = [*live, *(each for ids in absorbed.values() for each in ids)]
    apart = await tx.fetch(
        "SELECT one, other FROM kept_apart WHERE one = ANY($1::uuid[]) OR other = ANY($1::uuid[])",
        everybody,
    )
    people = [
        Person(
            row["member_id"],
            row["registered_at"],
            {name: row[name] for name in FILLABLE},
            absorbed.get(row["member_id"], ()),
            identifiers.get(row["member_id"], ()),
            {name: UUID(origin) for name, origin in row["filled"].items()},
        )
        for row in rows
    ]
    pairs = [(row["one"], row["other"]) for row in apart]
    claimed = [index for index, each in found.items() if not each.proven]
    return Kinship(people, owners, roots, tx.now, tx.ids.new, kept_apart=pairs, claimed=claimed)


async def _grouped(tx: Tx, query: str, live: list[UUID]) -> dict[UUID, tuple[Any, ...]]:
    return {row["key"]: tuple(row["found"]) for row in await tx.fetch(query, live)}


async def save(tx: Tx, kin: Kinship) -> None:
    """Write every step: new links first, then what the merges moved."""
    await insert_links(tx, kin.links)
    if kin.merges:
        await _move(tx, kin)
        await _fill(tx, kin)
        await _insert_merges(tx, kin.merges)
        await _end_separations(tx, [merge.survivor_id for merge in kin.merges])


async def insert_links(tx: Tx, links: Sequence[Link]) -> None:
    """Identifiers with their first owner, or with another than the one who only claimed it."""
    last = {link.mark.index: link for link in links}
    await _unnest(
        tx,
        "INSERT INTO identifier"
        " (index, kind, value, member_id, original_member_id, source, proven, linked_at)"
        " SELECT index, kind, value, owner, owner, source, proven, $7 FROM"
        " unnest($1::text[], $2::text[], $3::text[], $4::uuid[], $5::text[], $6::bool[])"
        " AS new (index, kind, value, owner, source, proven)"
        " ON CONFLICT (index) DO UPDATE SET value = excluded.value,"
        " member_id = excluded.member_id, original_member_id = excluded.original_member_id,"
        " source = excluded.source, proven = excluded.proven, linked_at = excluded.linked_at"
        " WHERE NOT identifier.proven",
        [
            (index, link.mark.kind, link.mark.value, link.member_id, link.source, link.proven)
            for index, link in last.items()
        ],
        tx.now,
    )


async def _move(tx: Tx, kin: Kinship) -> None:
    """Point everything at its live member, whatever passed in between."""
    moved = {
        old: kin.live(old) for merge in kin.merges for old in (merge.absorbed_id, *merge.members)
    }
    for statement in (
        "UPDATE identifier SET member_id = root"
        " FROM unnest($1::uuid[], $2::uuid[]) AS moved (old, root) WHERE member_id = old",
        "UPDATE member SET merged_into = root"
        " FROM unnest($1::uuid[], $2::uuid[]) AS moved (old, root) WHERE member_id = old",
    ):
        await tx.execute(statement, list(moved), list(moved.values()))


async def _fill(tx: Tx, kin: Kinship) -> None:
    survivors = {kin.live(merge.survivor_id) for merge in kin.merges if merge.filled}
    filled = [kin.people[member] for member in survivors if member]
    await _unnest(
        tx,
        "UPDATE member SET name = new.name, gender = new.gender, birthday = new.birthday,"
        " birth_year = new.birth_year, birth_month = new.birth_month, address = new.address,"
        " city = new.city, region = new.region, filled = new.filled"
        " FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::int[],"
        " $6::int[], $7::text[], $8::text[], $9::text[], $10::jsonb[]) AS new"
        " (id, name, gender, birthday, birth_year, birth_month, address, city, region, filled)"
        " WHERE member_id = id",
        [
            (
                person.member_id,
                *(person.attributes[name] for name in FILLABLE),
                {name: str(origin) for name, origin in person.filled.items()},
            )
            for person in filled
        ],
    )


async def _end_separations(tx: Tx, survivors: Sequence[UUID]) -> None:
    """Who is one again is not kept apart any more."""
    await tx.execute(
        "DELETE FROM kept_apart k USING member a, member b"
        " WHERE a.member_id = k.one AND b.member_id = k.other"
        " AND coalesce(a.merged_into, a.member_id) = coalesce(b.merged_into, b.member_id)"
        " AND coalesce(a.merged_into, a.member_id) IN (SELECT coalesce(merged_into, member_id)"
        " FROM member WHERE member_id = ANY($1::uuid[]))",
        list(survivors),
    )


async def _insert_merges(tx: Tx, merges: Sequence[Merge]) -> None:
    await _unnest(
        tx,
        "INSERT INTO merge"
        " (merge_id, survivor_id, absorbed_id, evidence, source, actor, moved, merged_at)"
        " SELECT *, $8 FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::text[],"
        " $6::text[], $7::jsonb[])",
        [
            (
                merge.merge_id,
                merge.survivor_id,
                merge.absorbed_id,
                merge.reason.evidence,
                merge.reason.source,
                merge.reason.actor,
                {
                    "identifiers": merge.identifiers,
                    "members": merge.members,
                    "filled": merge.filled,
                },
            )
            for merge in merges
        ],
        tx.now,
    )


async def _unnest(tx: Tx, statement: str, rows: Sequence[Sequence[Any]], *more: Any) -> None:
    """One statement for all rows: a column each as $1, $2, …, then `more`."""
    if rows:
        await tx.execute(statement, *map(list, zip(*rows, strict=True)), *more)


async def find(tx: Tx, merge_id: UUID) -> Merge | None:
    """A merge with its lineage."""
    row = await tx.fetchrow("SELECT * FROM merge WHERE merge_id = $1", merge_id)
    if row is None:
        return None
    return Merge(
        row["merge_id"],
        row["survivor_id"],
        row["absorbed_id"],
        row["merged_at"],
        Reason(row["evidence"], row["source"], row["actor"]),
        tuple(row["moved"]["identifiers"]),
        tuple(map(UUID, row["moved"]["members"])),
        tuple(row["moved"]["filled"]),
        row["undone_at"],
    )
