"""Wrapped keys, and who was erased."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from chassis.database import Tx
from gateway_service.vault.domain import Rotation, Stage


@dataclass(frozen=True, slots=True)
class Wrapped:
    """A version of an owner's data key under a version of the wrapping key."""

    owner: UUID
    version: int
    wrapping_version: int
    wrapped: bytes


async def lock(tx: Tx, programme: str) -> None:
    """Gateways that start or rotate at once take turns."""
    await tx.execute("SELECT pg_advisory_xact_lock(hashtext($1))", f"gateway:vault:{programme}")


async def wrapping_keys(tx: Tx, programme: str) -> dict[int, str]:
    """Versions that were not destroyed."""
    rows = await tx.fetch(
        "SELECT version, wrapped FROM wrapping_key WHERE programme = $1 AND wrapped IS NOT NULL",
        programme,
    )
    return {row["version"]: row["wrapped"] for row in rows}


async def next_wrapping_version(tx: Tx) -> int:
    """A number that no programme of this schema has used."""
    version: int = await tx.fetchval("SELECT coalesce(max(version), 0) + 1 FROM wrapping_key")
    return version


async def add_wrapping_key(tx: Tx, programme: str, version: int, wrapped: str) -> None:
    """A new version."""
    await tx.execute(
        "INSERT INTO wrapping_key (programme, version, wrapped, created_at)"
        " VALUES ($1, $2, $3, $4)",
        programme, version, wrapped, tx.now,
    )  # fmt: skip


async def rewrap(tx: Tx, programme: str, wrapped: Mapping[int, str]) -> None:
    """Wrapping keys under another version of the root key."""
    await tx.execute(
        "UPDATE wrapping_key k SET wrapped = n.wrapped"
        " FROM unnest($2::int[], $3::text[]) AS n (version, wrapped)"
        " WHERE k.programme = $1 AND k.version = n.version AND k.wrapped IS NOT NULL",
        programme, list(wrapped), list(wrapped.values()),
    )  # fmt: skip


async def hold_wrapping_key(tx: Tx, programme: str, version: int) -> bool:
    """Keep a version from being destroyed until this transaction ends; false if it is gone."""
    found = await tx.fetchval(
        "SELECT true FROM wrapping_key WHERE programme = $1 AND version = $2"
        " AND wrapped IS NOT NULL FOR SHARE",
        programme, version,
    )  # fmt: skip
    return bool(found)


async def destroy_wrapping_keys(tx: Tx, programme: str, before: int) -> list[int]:
    """Older versions under which there is no data key any more; answers which."""
    await tx.execute(
        "SELECT FROM wrapping_key WHERE programme = $1 AND version < $2 FOR UPDATE",
        programme, before,
    )  # fmt: skip
    rows = await tx.fetch(
        "UPDATE wrapping_key k SET wrapped = NULL, destroyed_at = $3"
        " WHERE programme = $1 AND version < $2 AND wrapped IS NOT NULL AND NOT EXISTS"
        " (SELECT FROM data_key d WHERE d.wrapping_version = k.version) RETURNING version",
        programme, before, tx.now,
    )  # fmt: skip
    return [row["version"] for row in rows]


async def data_keys(tx: Tx, owners: Collection[UUID]) -> list[Wrapped]:
    """Every version of the owners' keys."""
    rows = await tx.fetch(
        "SELECT owner, version, wrapping_version, wrapped FROM data_key"
        " WHERE owner = ANY($1::uuid[])",
        list(owners),
    )
    return [Wrapped(*row) for row in rows]


async def add_data_keys(tx: Tx, keys: Sequence[Wrapped]) -> set[UUID]:
    """New versions; answers whose were taken: not of the erased, nor where there is one already."""
    rows = await tx.fetch(
        "INSERT INTO data_key (owner, version, wrapping_version, wrapped, created_at)"
        " SELECT n.*, $5 FROM unnest($1::uuid[], $2::int[], $3::int[], $4::bytea[])"
        " AS n (owner, version, wrapping_version, wrapped)"
        " WHERE NOT EXISTS (SELECT FROM tombstone t WHERE t.subject = uuid_send(n.owner))"
        " ON CONFLICT DO NOTHING RETURNING owner",
        [key.owner for key in keys],
        [key.version for key in keys],
        [key.wrapping_version for key in keys],
        [key.wrapped for key in keys],
        tx.now,
    )
    return {row["owner"] for row in rows}


async def replace_data_keys(tx: Tx, keys: Sequence[Wrapped], before: int) -> None:
    """The same keys under another wrapping key, where they are still under the older one."""
    await tx.execute(
        "UPDATE data_key d SET wrapping_version = n.wrapping_version, wrapped = n.wrapped"
        " FROM unnest($1::uuid[], $2::int[], $3::int[], $4::bytea[])"
        " AS n (owner, version, wrapping_version, wrapped)"
        " WHERE d.owner = n.owner AND d.version = n.version AND d.wrapping_version = $5",
        [key.owner for key in keys],
        [key.version for key in keys],
        [key.wrapping_version for key in keys],
        [key.wrapped for key in keys],
        before,
    )


async def under_wrapping_key(tx: Tx, version: int, limit: int) -> list[Wrapped]:
    """Some data keys that are under this version."""
    rows = await tx.fetch(
        "SELECT owner, version, wrapping_version, wrapped FROM data_key"
        " WHERE wrapping_version = $1 LIMIT $2",
        version, limit,
    )  # fmt: skip
    return [Wrapped(*row) for row in rows]


async def newest_after(tx: Tx, after: UUID, limit: int) -> list[tuple[UUID, int]]:
    """Owners of data keys in the sequence of their ids, with their newest version."""
    rows = await tx.fetch(
        "SELECT owner, max(version) AS version FROM data_key WHERE owner > $1"
        " GROUP BY owner ORDER BY owner LIMIT $2",
        after, limit,
    )  # fmt: skip
    return [(row["owner"], row["version"]) for row in rows]


async def retire(tx: Tx, rotation_id: UUID, keys: Sequence[Wrapped]) -> None:
    """Older versions than these are this rotation's to destroy."""
    await tx.execute(
        "UPDATE data_key d SET retired_by = $1 FROM unnest($2::uuid[], $3::int[]) AS n (owner, v)"
        " WHERE d.owner = n.owner AND d.version < n.v AND d.retired_by IS NULL",
        rotation_id, [key.owner for key in keys], [key.version for key in keys],
    )  # fmt: skip


async def destroy_retired(tx: Tx, rotation_id: UUID) -> list[UUID]:
    """The older versions go; answers whose they were."""
    rows = await tx.fetch("DELETE FROM data_key WHERE retired_by = $1 RETURNING owner", rotation_id)
    return [row["owner"] for row in rows]


async def with_absorbed(tx: Tx, members: Collection[UUID]) -> set[UUID]:
    """Members and all ids merged into them."""
    rows = await tx.fetch(
        "SELECT absorbed_id FROM merged_member WHERE survivor_id = ANY($1::uuid[])", list(members)
    )
    return {*members, *(row["absorbed_id"] for row in rows)}


async def bury(tx: Tx, subjects: Collection[bytes]) -> dict[bytes, int]:
    """One more tombstone each; answers how many there are now."""
    rows = await tx.fetch(
        "INSERT INTO tombstone (subject, generation, erased_at)"
        " SELECT s, 1 + coalesce((SELECT max(generation) FROM tombstone WHERE subject = s), 0), $2"
        " FROM unnest($1::bytea[]) AS s RETURNING subject, generation",
        sorted(set(subjects)), tx.now,
    )  # fmt: skip
    await destroy_data_keys(tx, subjects)
    return {row["subject"]: row["generation"] for row in rows}


async def bury_again(tx: Tx, subjects: Mapping[bytes, int]) -> dict[bytes, int]:
    """Tombstones that a restored backup did not know; answers those."""
    rows = await tx.fetch(
        "INSERT INTO tombstone (subject, generation, erased_at)"
        " SELECT s, g, $3 FROM unnest($1::bytea[], $2::int[]) AS n (s, g)"
        " ON CONFLICT DO NOTHING RETURNING subject, generation",
        list(subjects), list(subjects.values()), tx.now,
    )  # fmt: skip
    fresh = {row["subject"]: row["generation"] for row in rows}
    await destroy_data_keys(tx, fresh)
    return fresh


async def destroy_data_keys(tx: Tx, owners: Iterable[bytes]) -> None:
    """All versions; what is no owner's id finds nothing."""
    await tx.execute(
        "DELETE FROM data_key WHERE owner = ANY($1::uuid[])", [UUID(bytes=each) for each in owners]
    )


async def tombstones(tx: Tx, after: int) -> tuple[int, dict[bytes, int]]:
    """Those after a number, and the last number."""
    rows = await tx.fetch(
        "SELECT id, subject, generation FROM tombstone WHERE id > $1 ORDER BY id", after
    )
    found = {row["subject"]: row["generation"] for row in rows}
    return (rows[-1]["id"] if rows else after), found


async def buried(tx: Tx, subjects: Collection[bytes]) -> dict[bytes, int]:
    """How often each of these was erased; only those that were."""
    rows = await tx.fetch(
        "SELECT subject, max(generation) AS generation FROM tombstone"
        " WHERE subject = ANY($1::bytea[]) GROUP BY 1",
        list(subjects),
    )
    return {row["subject"]: row["generation"] for row in rows}


async def has_signed(tx: Tx) -> bool:
    """Whether a gateway ran on this database before."""
    return bool(await tx.fetchval("SELECT EXISTS (SELECT FROM signing_key)"))


_ROTATION = (
    "id, scope, member_id, stage, begun_at, destroy_at, finished_at, version, place, after, stale,"
    " rows_seen, resealed, unreadable"
)


async def add_rotation(tx: Tx, rotation: Rotation) -> bool:
    """False if another one is running."""
    values = [getattr(rotation, name) for name in _ROTATION.replace(" ", "").split(",")]
    places = ", ".join(f"${n}" for n in range(1, len(values) + 1))
    tag = await tx.execute(
        f"INSERT INTO rotation ({_ROTATION}) VALUES ({places}) ON CONFLICT DO NOTHING", *values
    )
    return tag == "INSERT 0 1"


async def rotation(tx: Tx, rotation_id: UUID) -> Rotation | None:
    """How far it is."""
    row = await tx.fetchrow(f"SELECT {_ROTATION} FROM rotation WHERE id = $1", rotation_id)
    return _rotation(row) if row else None


async def rotation_due(tx: Tx) -> Rotation | None:
    """One with something to do that no other gateway is at, locked."""
    row = await tx.fetchrow(
        f"SELECT {_ROTATION} FROM rotation WHERE stage <> 'done'"
        " AND (stage <> 'wait' OR destroy_at <= $1) ORDER BY begun_at LIMIT 1"
        " FOR UPDATE SKIP LOCKED",
        tx.now,
    )
    return _rotation(row) if row else None


async def put_rotation(tx: Tx, rotation: Rotation) -> None:
    """How far it is now."""
    await tx.execute(
        "UPDATE rotation SET stage = $2, finished_at = $3, place = $4, after = $5, stale = $6,"
        " rows_seen = $7, resealed = $8, unreadable = $9, destroy_at = $10 WHERE id = $1",
        rotation.id, rotation.stage, rotation.finished_at, rotation.place, rotation.after,
        rotation.stale, rotation.rows_seen, rotation.resealed, rotation.unreadable,
        rotation.destroy_at,
    )  # fmt: skip


def _rotation(row: Mapping[str, Any]) -> Rotation:
    return Rotation(**{**row, "stage": Stage(row["stage"])})
