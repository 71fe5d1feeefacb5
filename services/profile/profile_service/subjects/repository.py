"""Subjects in the database."""

from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

from chassis.database import Tx
from contracts.events import MemberRegistered
from profile_service.subjects.domain import Attributes, Key, Node, Person


async def ids_of(tx: Tx, keys: Iterable[Key]) -> dict[Key, int]:
    """The subject of each key; unknown ones are made."""
    named = list(keys)
    members = sorted(key for key in named if isinstance(key, UUID))
    indexes = sorted(key for key in named if isinstance(key, str))
    return {
        **await _ids(tx, "member_id", "uuid", members),
        **await _ids(tx, "index", "text", indexes),
    }


async def _ids(tx: Tx, column: str, kind: str, keys: Sequence[Key]) -> dict[Key, int]:
    if not keys:
        return {}
    known = f"SELECT id, {column} AS key FROM subject WHERE {column} = ANY($1::{kind}[])"
    found: dict[Key, int] = {row["key"]: row["id"] for row in await tx.fetch(known, keys)}
    missing = [key for key in keys if key not in found]
    if missing:
        # Whoever makes subjects has them made in turn: readers of two streams would wait for each
        # other where both meet the same new ones, in other sequences.
        await tx.execute("SELECT pg_advisory_xact_lock(hashtext('profile:subjects'))")
        await tx.execute(
            f"INSERT INTO subject (id, root, {column}) SELECT id, id, key FROM"
            f" (SELECT nextval('subject_id') AS id, key FROM unnest($1::{kind}[]) AS key) AS fresh"
            " ON CONFLICT DO NOTHING",
            missing,
        )
        found |= {row["key"]: row["id"] for row in await tx.fetch(known, missing)}
    return found


async def forest(tx: Tx, ids: Iterable[int]) -> dict[int, Node]:
    """Every subject of the trees that `ids` stand in, locked."""
    rows = await tx.fetch(
        "SELECT id, parent, linked_at, root FROM subject WHERE root IN"
        " (SELECT root FROM subject WHERE id = ANY($1::bigint[])) ORDER BY id FOR UPDATE",
        list(ids),
    )
    return {row["id"]: Node(row["parent"], row["linked_at"], row["root"]) for row in rows}


async def save_nodes(tx: Tx, nodes: Mapping[int, Node]) -> None:
    """Write parents and roots."""
    await tx.execute(
        "UPDATE subject SET parent = new.parent, linked_at = new.linked_at, root = new.root"
        " FROM unnest($1::bigint[], $2::bigint[], $3::timestamptz[], $4::bigint[])"
        " AS new (id, parent, linked_at, root) WHERE subject.id = new.id",
        list(nodes),
        [node.parent for node in nodes.values()],
        [node.linked_at for node in nodes.values()],
        [node.root for node in nodes.values()],
    )


async def forget_tags(tx: Tx, restored: Iterable[int]) -> None:
    """What was decided before they were merged is out of date, and others know it no more."""
    await tx.execute("DELETE FROM member_tags WHERE subject_id = ANY($1::bigint[])", list(restored))


async def save_members(tx: Tx, members: Mapping[int, MemberRegistered]) -> None:
    """Write what identity told about members, by subject."""
    await tx.execute(
        "INSERT INTO member SELECT * FROM unnest($1::bigint[], $2::timestamptz[], $3::text[],"
        " $4::text[], $5::int[], $6::int[], $7::text[], $8::text[], $9::text[])"
        " ON CONFLICT DO NOTHING",
        list(members),
        [member.registered_at for member in members.values()],
        [member.channel for member in members.values()],
        [member.gender for member in members.values()],
        [member.birth_year for member in members.values()],
        [member.birth_month for member in members.values()],
        [member.city for member in members.values()],
        [member.language for member in members.values()],
        [member.region for member in members.values()],
    )


async def touch(tx: Tx, ids: Iterable[int]) -> None:
    """Remember that these subjects' facts have changed; nobody asks about unknown visitors."""
    await tx.execute(
        "INSERT INTO touched (subject_id) SELECT id FROM subject"
        " WHERE id = ANY($1::bigint[]) AND (member_id IS NOT NULL OR parent IS NOT NULL)",
        sorted(set(ids)),
    )


async def person(tx: Tx, member_id: UUID) -> Person | None:
    """The person a registered member is, whatever was merged; None for an id never registered."""
    row = await tx.fetchrow(
        "SELECT top.id, top.member_id,"
        " ARRAY(SELECT id FROM subject WHERE root = top.id ORDER BY id) AS leaves"
        " FROM subject JOIN member ON member.subject_id = subject.id"
        " JOIN subject AS top ON top.id = subject.root WHERE subject.member_id = $1",
        member_id,
    )
    if row is None:
        return None
    root, surviving_id, leaves = row
    return Person(root, surviving_id, tuple(leaves))


async def leaves_of(tx: Tx, roots: Sequence[int]) -> dict[int, int]:
    """Every subject of these people, with its root."""
    rows = await tx.fetch("SELECT id, root FROM subject WHERE root = ANY($1::bigint[])", roots)
    return {row["id"]: row["root"] for row in rows}


async def attributes(tx: Tx, leaves: Mapping[int, int]) -> dict[int, Attributes]:
    """Attributes by root: the survivor's registration first, gaps from the oldest one on."""
    rows = await tx.fetch(
        "SELECT subject_id, registered_at, channel, gender, birth_year, birth_month, city, region"
        " FROM member WHERE subject_id = ANY($1::bigint[]) ORDER BY registered_at, subject_id",
        list(leaves),
    )
    found: dict[int, Attributes] = {}
    for subject, *values in sorted(rows, key=lambda row: leaves[row[0]] != row[0]):
        root, told = leaves[subject], Attributes(*values)
        found[root] = found[root].filled_from(told) if root in found else told
    return found


async def touch_all_members(tx: Tx) -> None:
    """Something that concerns everybody has changed."""
    await tx.execute("INSERT INTO touched (subject_id) SELECT subject_id FROM member")


async def objecting(tx: Tx, roots: Sequence[int]) -> set[int]:
    """Those of these people who object to conclusions, under whichever id they did."""
    rows = await tx.fetch(
        "SELECT DISTINCT root FROM subject JOIN objection ON objection.subject_id = subject.id"
        " WHERE root = ANY($1::bigint[])",
        roots,
    )
    return {root for (root,) in rows}


async def refusing(tx: Tx, ids: Iterable[int]) -> set[int]:
    """Those of these subjects whose person said no to recommendations."""
    rows = await tx.fetch(
        "SELECT s.id FROM subject s JOIN refusal ON refusal.subject_id = s.root"
        " WHERE s.id = ANY($1::bigint[])",
        list(ids),
    )
    return {row["id"] for row in rows}


async def erasures(tx: Tx) -> int:
    """How often members were erased; none is until the end of this transaction."""
    return int(await tx.fetchval("SELECT erasures_so_far()"))


async def member_ids(tx: Tx, subjects: Sequence[int]) -> dict[int, UUID]:
    """The member that each of these subjects is; identifiers are left out."""
    if not subjects:
        return {}
    rows = await tx.fetch(
        "SELECT id, member_id FROM subject WHERE id = ANY($1::bigint[]) AND member_id IS NOT NULL",
        subjects,
    )
    return {row["id"]: row["member_id"] for row in rows}


async def roots_of(tx: Tx, subjects: Sequence[int]) -> dict[int, int]:
    """Whose each of these subjects is."""
    rows = await tx.fetch("SELECT id, root FROM subject WHERE id = ANY($1::bigint[])", subjects)
    return {row["id"]: row["root"] for row in rows}
