"""Journeys and their versions, in and out of the database. SQL only; decides nothing."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from chassis.database import Tx

_VERSION = (
    "SELECT j.seq, j.journey_id, j.campaign_id, c.name AS campaign, c.status,"
    " j.version AS running, v.version, v.document, v.upgrade, v.author, v.approver,"
    " v.created_at, v.approved_at FROM journey j JOIN campaign c USING (campaign_id)"
    " JOIN journey_version v USING (journey_id)"
)
_RUNS_ON = (
    "c.status = 'launched' AND coalesce((c.plan->'schedule'->>'starts_on')::date <= $1, true)"
    " AND coalesce((c.plan->'schedule'->>'ends_on')::date >= $1, true)"
)


@dataclass(frozen=True, slots=True)
class Kept:
    """A version of a journey as it is kept, with its campaign's name and state."""

    seq: int
    journey_id: UUID
    campaign_id: UUID
    campaign: str
    status: str
    running: int
    version: int
    document: dict[str, Any]
    upgrade: dict[str, Any]
    author: str
    approver: str | None
    created_at: datetime
    approved_at: datetime | None


async def add(tx: Tx, journey_id: UUID, campaign_id: UUID) -> bool:
    """A journey; False where the campaign has one."""
    added = await tx.fetchval(
        "INSERT INTO journey (journey_id, campaign_id, version) VALUES ($1, $2, 1)"
        " ON CONFLICT DO NOTHING RETURNING seq",
        journey_id, campaign_id,
    )  # fmt: skip
    return added is not None


async def add_version(tx: Tx, kept: Kept, watches: Collection[tuple[str, str, str]]) -> None:
    """A version, and what it hears as (event, role, node)."""
    await tx.execute(
        "INSERT INTO journey_version (journey_id, version, document, upgrade, author, created_at)"
        " VALUES ($1, $2, $3, $4, $5, $6)",
        kept.journey_id, kept.version, kept.document, kept.upgrade, kept.author, tx.now,
    )  # fmt: skip
    await tx.execute(
        "INSERT INTO journey_watch (name, journey_id, version, role, node)"
        " SELECT n.name, $1, $2, n.role, n.node"
        " FROM unnest($3::text[], $4::text[], $5::text[]) AS n (name, role, node)",
        kept.journey_id, kept.version, *([each[n] for each in watches] for n in range(3)),
    )  # fmt: skip


async def lock(tx: Tx, journey_id: UUID) -> bool:
    """Whether there is such a journey; nobody else changes it until the commit."""
    found = await tx.fetchval("SELECT 1 FROM journey WHERE journey_id = $1 FOR UPDATE", journey_id)
    return found is not None


async def of_campaign(tx: Tx, campaign_id: UUID) -> UUID | None:
    """The journey of a campaign."""
    found: UUID | None = await tx.fetchval(
        "SELECT journey_id FROM journey WHERE campaign_id = $1", campaign_id
    )
    return found


async def get(tx: Tx, journey_id: UUID, version: int | None = None) -> Kept | None:
    """A journey in one of its versions, the running one unless given."""
    row = await tx.fetchrow(
        f"{_VERSION} WHERE j.journey_id = $1 AND v.version = coalesce($2, j.version)",
        journey_id, version,
    )  # fmt: skip
    return Kept(**row) if row else None


async def newest(tx: Tx, journey_id: UUID) -> Kept | None:
    """A journey in its last version."""
    row = await tx.fetchrow(
        f"{_VERSION} WHERE j.journey_id = $1 ORDER BY v.version DESC LIMIT 1", journey_id
    )
    return Kept(**row) if row else None


async def page(tx: Tx, before: int | None, limit: int) -> list[Kept]:
    """Journeys in their running versions, newest first."""
    rows = await tx.fetch(
        f"{_VERSION} WHERE v.version = j.version AND ($1::bigint IS NULL OR j.seq < $1)"
        " ORDER BY j.seq DESC LIMIT $2",
        before, limit,
    )  # fmt: skip
    return [Kept(**row) for row in rows]


async def last_versions(tx: Tx, journeys: Sequence[UUID]) -> dict[UUID, int]:
    """The last version of each."""
    rows = await tx.fetch(
        "SELECT journey_id, max(version) AS version FROM journey_version"
        " WHERE journey_id = ANY($1::uuid[]) GROUP BY 1",
        list(journeys),
    )
    return {row["journey_id"]: row["version"] for row in rows}


async def documents(tx: Tx, journey_id: UUID, wanted: Collection[int]) -> dict[int, Any]:
    """What these versions say."""
    rows = await tx.fetch(
        "SELECT version, document FROM journey_version"
        " WHERE journey_id = $1 AND version = ANY($2::int[])",
        journey_id, list(wanted),
    )  # fmt: skip
    return {row["version"]: row["document"] for row in rows}


async def run_version(tx: Tx, journey_id: UUID, version: int, approver: str | None) -> None:
    """Members enter this version from now on."""
    await tx.execute("UPDATE journey SET version = $2 WHERE journey_id = $1", journey_id, version)
    await tx.execute(
        "UPDATE journey_version SET approver = $3, approved_at = $4"
        " WHERE journey_id = $1 AND version = $2",
        journey_id, version, approver, tx.now,
    )  # fmt: skip


async def occupied(tx: Tx, journey_id: UUID) -> list[tuple[int, str]]:
    """(version, node) of those on their way."""
    rows = await tx.fetch(
        "SELECT DISTINCT version, node FROM journey_run WHERE journey_id = $1 AND ended_at IS NULL",
        journey_id,
    )
    return [(row["version"], row["node"]) for row in rows]


async def move(
    tx: Tx, journey_id: UUID, version: int, nodes: Mapping[str, str], changed: Collection[str]
) -> None:
    """Everybody on the way is in this version now.

    `nodes`: where those at a node go on; they arrive there as of now. Those at a `changed` node
    wait anew, as of when they came there; for the others nothing is different.
    """
    await tx.execute(
        "UPDATE journey_run r SET version = $2, node = coalesce(n.target, r.node),"
        " at = CASE WHEN n.target IS NULL THEN r.at ELSE $3 END,"
        " mark = CASE WHEN n.target IS NULL THEN r.mark ELSE '' END,"
        " due_at = CASE WHEN n.target IS NULL AND r.node <> ALL($6::text[]) THEN r.due_at END,"
        " wake_at = CASE WHEN n.target IS NULL AND r.node <> ALL($6::text[]) THEN r.wake_at"
        " ELSE least(r.wake_at, $3) END, steps = r.steps + 1,"
        " path = r.path || jsonb_build_array(jsonb_build_array(r.node, to_jsonb($3::timestamptz),"
        " 'moved', jsonb_build_object('version', $2::int, 'to', coalesce(n.target, r.node))))"
        " FROM journey_run o LEFT JOIN unnest($4::text[], $5::text[]) AS n (source, target)"
        " ON n.source = o.node WHERE o.run_id = r.run_id AND r.journey_id = $1"
        " AND r.ended_at IS NULL",
        journey_id, version, tx.now, list(nodes), list(nodes.values()), list(changed),
    )  # fmt: skip


async def hearing(tx: Tx, names: Collection[str], day: date) -> list[Kept]:
    """Journeys that members enter at one of these events, of campaigns that run on a day."""
    rows = await tx.fetch(
        f"{_VERSION} WHERE v.version = j.version AND {_RUNS_ON} AND EXISTS"
        " (SELECT FROM journey_watch w WHERE w.journey_id = j.journey_id"
        " AND w.version = j.version AND w.role = 'entry' AND w.name = ANY($2::text[]))"
        " ORDER BY j.seq",
        day, list(names),
    )  # fmt: skip
    return [Kept(**row) for row in rows]


async def picking_on(tx: Tx, day: date) -> list[UUID]:
    """Journeys that the audience enters at midnight, of campaigns that run on a day."""
    rows = await tx.fetch(
        "SELECT j.journey_id FROM journey j JOIN campaign c USING (campaign_id)"
        " JOIN journey_version v ON v.journey_id = j.journey_id AND v.version = j.version"
        f" WHERE {_RUNS_ON}"
        " AND coalesce(v.document #>> '{entry,on}', 'audience') = 'audience' ORDER BY j.seq",
        day,
    )
    return [row["journey_id"] for row in rows]


async def counts(tx: Tx, journey_id: UUID) -> list[Any]:
    """(version, node, reason, members): where those on their way are, why the others ended."""
    return await tx.fetch(
        "SELECT CASE WHEN ended_at IS NULL THEN version ELSE 0 END AS version,"
        " CASE WHEN ended_at IS NULL THEN node ELSE '' END AS node, coalesce(reason, '') AS reason,"
        " count(*) AS members FROM journey_run WHERE journey_id = $1 GROUP BY 1, 2, 3"
        " ORDER BY 1, 2, 3",
        journey_id,
    )


async def members(
    tx: Tx, journey_id: UUID, node: str | None, before: int | None, limit: int
) -> list[Any]:
    """Those on their way, who entered last first."""
    return await tx.fetch(
        "SELECT seq, member_id, version, node, entered_at, at AS since, due_at AS until"
        " FROM journey_run WHERE journey_id = $1 AND ended_at IS NULL"
        " AND ($2::text IS NULL OR node = $2) AND ($3::bigint IS NULL OR seq < $3)"
        " ORDER BY seq DESC LIMIT $4",
        journey_id, node, before, limit,
    )  # fmt: skip


async def of_member(tx: Tx, member_id: UUID, before: int | None, limit: int) -> list[Any]:
    """A member's ways, newest first."""
    return await tx.fetch(
        "SELECT r.seq, r.journey_id, c.name AS campaign, r.version, r.entered_at, r.entered_by,"
        " r.node, r.ended_at, r.reason, r.control, r.path FROM journey_run r"
        " JOIN journey j USING (journey_id) JOIN campaign c USING (campaign_id)"
        " WHERE r.member_id = $1 AND ($2::bigint IS NULL OR r.seq < $2)"
        " ORDER BY r.seq DESC LIMIT $3",
        member_id, before, limit,
    )  # fmt: skip
