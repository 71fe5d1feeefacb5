"""Segments, standings and lists in the database."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from chassis.database import Tx
from profile_service.conditions.domain import All, Leaf, Member, Not, Tree
from profile_service.segments.domain import Segment, Shelf, shelf_of

_SEGMENTS = (
    "SELECT segment_id, number, name, version, definition, changed_by, changed_at"
    " FROM segment JOIN segment_version USING (segment_id, version)"
)


class Marks(NamedTuple):
    """How far the database is."""

    version: int
    conditions: int


class Changed(NamedTuple):
    """A person as they stand now."""

    ordinal: int
    conditions: Sequence[int]
    segments: Sequence[int]


class Stood(NamedTuple):
    """A person as they stood before."""

    subject_id: int
    member_id: UUID
    conditions: frozenset[int]
    segments: frozenset[int]


async def shelf(tx: Tx) -> Shelf:
    """All segments as they are now."""
    rows = await tx.fetch(f"{_SEGMENTS} ORDER BY number")
    return shelf_of([Segment(*row) for row in rows])


async def segment(tx: Tx, segment_id: UUID) -> Segment | None:
    """One of them."""
    row = await tx.fetchrow(f"{_SEGMENTS} WHERE segment_id = $1", segment_id)
    return Segment(*row) if row else None


async def page_of_segments(tx: Tx, after: int, limit: int) -> list[Segment]:
    """Some of them, the oldest first."""
    rows = await tx.fetch(f"{_SEGMENTS} WHERE number > $1 ORDER BY number LIMIT $2", after, limit)
    return [Segment(*row) for row in rows]


async def versions(tx: Tx, segment_id: UUID) -> list[Any]:
    """Rows of version, name, definition, changed_by and changed_at, the newest first."""
    return await tx.fetch(
        "SELECT version, name, definition, changed_by, changed_at FROM segment_version"
        " WHERE segment_id = $1 ORDER BY version DESC",
        segment_id,
    )


async def save(
    tx: Tx, segment_id: UUID, name: str, definition: Mapping[str, Any] | None, by: str
) -> None:
    """Write a segment as its next version."""
    await tx.execute(
        "WITH saved AS (INSERT INTO segment (segment_id, version) VALUES ($1, 1)"
        " ON CONFLICT (segment_id) DO UPDATE SET version = segment.version + 1 RETURNING version)"
        " INSERT INTO segment_version (segment_id, version, name, definition, changed_by,"
        " changed_at) SELECT $1, version, $2, $3::jsonb, $4, $5 FROM saved",
        segment_id, name, definition, by, tx.now,
    )  # fmt: skip


async def numbers_of(tx: Tx, keys: Iterable[str]) -> dict[str, int]:
    """The number of each condition; new ones get one. Only in turn."""
    wanted = sorted(set(keys))
    known = "SELECT key, id FROM condition WHERE key = ANY($1::text[])"
    found: dict[str, int] = {row["key"]: row["id"] for row in await tx.fetch(known, wanted)}
    missing = [key for key in wanted if key not in found]
    if missing:
        rows = await tx.fetch(
            "INSERT INTO condition (key) SELECT unnest($1::text[]) RETURNING key, id", missing
        )
        found |= {row["key"]: row["id"] for row in rows}
    return found


async def next_version(tx: Tx) -> int:
    """Greater than all before. Only in turn, so that commits come in its sequence."""
    return int(await tx.fetchval("SELECT nextval('standing_version')"))


async def stood(tx: Tx, roots: Sequence[int]) -> list[Stood]:
    """How these people stand by now; those without a standing are left out."""
    rows = await tx.fetch(
        "SELECT subject_id, member_id, conditions, segments FROM standing"
        " JOIN subject ON subject.id = subject_id WHERE subject_id = ANY($1::bigint[])",
        roots,
    )
    return [
        Stood(row[0], row[1], frozenset(row["conditions"]), frozenset(row["segments"]))
        for row in rows
    ]


async def put(
    tx: Tx, rows: Sequence[tuple[int, list[int], list[int]]], known: set[int], version: int
) -> None:
    """Write (subject, conditions, segments); `known` have a standing already."""
    for fresh, statement in (
        (True, "INSERT INTO standing (subject_id, conditions, segments, version)"
               " SELECT id, conditions::int[], segments::int[], $4 FROM"),
        (False, "UPDATE standing SET conditions = new.conditions::int[],"
                " segments = new.segments::int[], version = $4 FROM"),
    ):  # fmt: skip
        some = [row for row in rows if (row[0] not in known) is fresh]
        if some:
            await tx.execute(
                f"{statement} unnest($1::bigint[], $2::text[], $3::text[])"
                " AS new (id, conditions, segments)"
                + ("" if fresh else " WHERE standing.subject_id = new.id"),
                [row[0] for row in some],
                [_array(row[1]) for row in some],
                [_array(row[2]) for row in some],
                version,
            )


def _array(numbers: Iterable[int]) -> str:
    return "{" + ",".join(map(str, sorted(numbers))) + "}"


async def absorbed(tx: Tx, roots: Sequence[int]) -> list[int]:
    """Subjects that have a standing of their own although they now belong to one of these."""
    rows = await tx.fetch(
        "SELECT subject_id FROM subject JOIN standing ON subject_id = subject.id"
        " WHERE root = ANY($1::bigint[]) AND root <> subject.id",
        roots,
    )
    return [row["subject_id"] for row in rows]


async def remove(tx: Tx, subjects: Sequence[int], version: int) -> None:
    """These have no standing any more."""
    await tx.execute(
        "WITH gone AS (DELETE FROM standing WHERE subject_id = ANY($1::bigint[])"
        " RETURNING ordinal) INSERT INTO standing_gone SELECT ordinal, $2 FROM gone",
        subjects,
        version,
    )


async def fill(tx: Tx, number: int, ordinals: Sequence[int], version: int) -> None:
    """A condition is true of exactly these."""
    await tx.execute(
        "UPDATE standing SET version = $3, conditions = array_remove(conditions, $1)"
        " || CASE WHEN ordinal = ANY($2::int[]) THEN ARRAY[$1::int] ELSE '{}' END"
        " WHERE (ordinal = ANY($2::int[])) <> (conditions @> ARRAY[$1::int])",
        number,
        ordinals,
        version,
    )


async def work_out(tx: Tx, number: int, inside: str, version: int) -> tuple[list[UUID], list[UUID]]:
    """Who is in (`over_rows`); answers who has entered and who has left."""
    rows = await tx.fetch(
        f"UPDATE standing SET version = $2, segments = array_remove(segments, $1)"
        f" || CASE WHEN now.inside THEN ARRAY[$1::int] ELSE '{{}}' END"
        f" FROM (SELECT subject_id, member_id, {inside} AS inside"
        " FROM standing JOIN subject ON subject.id = subject_id) AS now"
        " WHERE now.subject_id = standing.subject_id"
        " AND inside <> (segments @> ARRAY[$1::int]) RETURNING member_id, inside",
        number,
        version,
    )
    return [row[0] for row in rows if row[1]], [row[0] for row in rows if not row[1]]


def over_rows(tree: Tree, numbers: Mapping[str, int], shelf: Shelf) -> str:
    """A tree over what rows keep; all that goes into the text are whole numbers."""
    if isinstance(tree, Leaf):
        return f"conditions @> '{{{numbers[tree.key]}}}'"
    if isinstance(tree, Member):
        return f"segments @> '{{{shelf.segments[tree.segment_id].number}}}'"
    if isinstance(tree, Not):
        return f"(NOT {over_rows(tree.item, numbers, shelf)})"
    joint = " AND " if isinstance(tree, All) else " OR "
    return f"({joint.join(over_rows(item, numbers, shelf) for item in tree.items)})"


async def marks(tx: Tx) -> Marks:
    """How far the database is."""
    row = await tx.fetchrow(
        "SELECT greatest((SELECT max(version) FROM standing),"
        " (SELECT max(version) FROM standing_gone), 0), (SELECT count(*) FROM condition)"
    )
    return Marks(*row)


async def condition_ids(tx: Tx) -> dict[str, int]:
    """All numbers of conditions."""
    return {row["key"]: row["id"] for row in await tx.fetch("SELECT key, id FROM condition")}


async def changed_since(tx: Tx, version: int, limit: int) -> list[Changed]:
    """People who changed after a version."""
    rows = await tx.fetch(
        "SELECT ordinal, conditions, segments FROM standing WHERE version > $1 LIMIT $2",
        version,
        limit,
    )
    return [Changed(*row) for row in rows]


async def gone_since(tx: Tx, version: int) -> list[int]:
    """Ordinals given up after a version."""
    rows = await tx.fetch("SELECT ordinal FROM standing_gone WHERE version > $1", version)
    return [row["ordinal"] for row in rows]


async def page_of_arrays(tx: Tx, after: int, limit: int) -> list[Any]:
    """Rows of ordinal, and of conditions and segments as bytes (`array_send`)."""
    return await tx.fetch(
        "SELECT ordinal, array_send(conditions), array_send(segments) FROM standing"
        " WHERE ordinal > $1 ORDER BY ordinal LIMIT $2",
        after,
        limit,
    )


async def members(tx: Tx, ordinals: Sequence[int]) -> list[tuple[int, UUID]]:
    """(ordinal, member) by ordinal; who is gone meanwhile is left out."""
    rows = await tx.fetch(
        "SELECT ordinal, member_id FROM standing JOIN subject ON subject.id = subject_id"
        " WHERE ordinal = ANY($1::int[]) AND member_id IS NOT NULL ORDER BY ordinal",
        ordinals,
    )
    return [(row["ordinal"], row["member_id"]) for row in rows]


async def add_to_list(tx: Tx, segment_id: UUID, subjects: Sequence[int]) -> None:
    """Put people on a static list."""
    await tx.execute(
        "INSERT INTO segment_list SELECT $1, unnest($2::bigint[]), $3 ON CONFLICT DO NOTHING",
        segment_id,
        subjects,
        tx.now,
    )


async def take_off_list(tx: Tx, segment_id: UUID, roots: Sequence[int]) -> None:
    """Take people off it, under whichever id they were put on."""
    await tx.execute(
        "DELETE FROM segment_list USING subject WHERE segment_id = $1"
        " AND subject.id = segment_list.subject_id AND root = ANY($2::bigint[])",
        segment_id,
        roots,
    )


async def registered(tx: Tx, members: Sequence[UUID]) -> dict[UUID, tuple[int, int]]:
    """(subject, root) of those ids that are members'."""
    rows = await tx.fetch(
        "SELECT member_id, id, root FROM subject JOIN member ON subject_id = id"
        " WHERE member_id = ANY($1::uuid[])",
        members,
    )
    return {row["member_id"]: (row["id"], row["root"]) for row in rows}


async def save_tiers(tx: Tx, tiers: Mapping[int, tuple[str, datetime]]) -> None:
    """Keep tiers unless a later one is known, by subject."""
    await tx.execute(
        "INSERT INTO member_tier SELECT * FROM unnest($1::bigint[], $2::text[], $3::timestamptz[])"
        " ON CONFLICT (subject_id) DO UPDATE SET tier = excluded.tier,"
        " changed_at = excluded.changed_at WHERE member_tier.changed_at <= excluded.changed_at",
        list(tiers),
        [tier for tier, _ in tiers.values()],
        [at for _, at in tiers.values()],
    )


async def save_consents(
    tx: Tx, answers: Mapping[tuple[int, str, str], tuple[bool, datetime]]
) -> None:
    """Keep answers unless a later one is known, by subject, purpose and channel."""
    await tx.execute(
        "INSERT INTO member_consent SELECT * FROM unnest($1::bigint[], $2::text[], $3::text[],"
        " $4::bool[], $5::timestamptz[]) ON CONFLICT (subject_id, purpose, channel) DO UPDATE SET"
        " granted = excluded.granted, changed_at = excluded.changed_at"
        " WHERE member_consent.changed_at <= excluded.changed_at",
        [key[0] for key in answers],
        [key[1] for key in answers],
        [key[2] for key in answers],
        [granted for granted, _ in answers.values()],
        [at for _, at in answers.values()],
    )
