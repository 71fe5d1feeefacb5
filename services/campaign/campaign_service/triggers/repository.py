"""Armed triggers, what is watched, and who is waited for."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
from pydantic import TypeAdapter

from campaign_service.triggers.domain import Armed, Fired
from chassis.database import Tx
from contracts.behaviour import ZONE_ENTERED, Seen
from contracts.campaign.triggers import AnyTrigger, Trigger

TABLES = ("zone_move", "trigger_wait")  # that follow their member

FIRST = UUID(int=0)  # before every member
STAY = timedelta(hours=12)  # nobody stays longer in a zone
_trigger: TypeAdapter[AnyTrigger] = TypeAdapter(Trigger)


@dataclass(frozen=True, slots=True)
class Due:
    """Whose wait is over. `stayed`: nothing has ended it; `due_at`: when it was over."""

    campaign_id: UUID
    member_id: UUID
    occasion: datetime
    due_at: datetime
    values: Mapping[str, Any]
    stayed: bool


async def arm(
    tx: Tx, campaign_id: UUID, trigger: AnyTrigger, names: Collection[str],
    days: tuple[date | None, date | None],
) -> None:  # fmt: skip
    """From now on this counts, from the first to the last of the days."""
    await tx.execute(
        "INSERT INTO armed_trigger (campaign_id, kind, names, trigger, starts_on, ends_on)"
        " VALUES ($1, $2, $3::text[], $4, $5, $6) ON CONFLICT (campaign_id) DO UPDATE"
        " SET kind = excluded.kind, names = excluded.names, trigger = excluded.trigger,"
        " starts_on = excluded.starts_on, ends_on = excluded.ends_on",
        campaign_id, trigger.kind, list(names), trigger.model_dump(mode="json"), *days,
    )  # fmt: skip


async def disarm(tx: Tx, campaign_id: UUID) -> None:
    """It does not count any more; who is waited for is waited for no more."""
    await tx.execute("DELETE FROM armed_trigger WHERE campaign_id = $1", campaign_id)
    await tx.execute("DELETE FROM trigger_wait WHERE campaign_id = $1", campaign_id)


async def armed(
    tx: Tx, kinds: Collection[str], day: date, names: Collection[str] | None = None
) -> list[Armed]:
    """Triggers of some kinds that count on a day, the oldest campaigns' first; with `names`: only
    those that wait for one of these events."""
    rows = await tx.fetch(
        "SELECT campaign_id, trigger FROM armed_trigger WHERE kind = ANY($1::text[])"
        " AND coalesce(starts_on <= $2, true) AND coalesce(ends_on >= $2, true)"
        " AND ($3::text[] IS NULL OR names && $3::text[]) ORDER BY seq",
        list(kinds), day, None if names is None else list(names),
    )  # fmt: skip
    return [Armed(row["campaign_id"], _trigger.validate_python(row["trigger"])) for row in rows]


async def set_watches(tx: Tx, watcher: UUID, names: Mapping[str, int]) -> int | None:
    """`watcher` waits for these events (minutes by name), and no others; a version if that changes
    what is waited for by all together, else None."""
    await tx.execute("SELECT pg_advisory_xact_lock(hashtext('campaign:watches'))")
    before = await watched(tx)
    await tx.execute("DELETE FROM event_watch WHERE watcher = $1", watcher)
    await tx.execute(
        "INSERT INTO event_watch (watcher, name, within_minutes)"
        " SELECT $1, * FROM unnest($2::text[], $3::int[])",
        watcher, list(names), list(names.values()),
    )  # fmt: skip
    if await watched(tx) == before:
        return None
    version: int = await tx.fetchval("SELECT nextval('watch_version')")
    return version


async def watched(tx: Tx) -> dict[str, int]:
    """What is waited for by all together: the longest of each name's minutes."""
    rows = await tx.fetch(
        "SELECT name, max(within_minutes) AS minutes FROM event_watch GROUP BY name ORDER BY name"
    )
    return {row["name"]: row["minutes"] for row in rows}


async def add_moves(tx: Tx, moves: Sequence[Seen]) -> None:
    """Members came into zones and went; told twice is once."""
    await tx.execute(
        "INSERT INTO zone_move (member_id, original_member_id, zone, moved_at, came)"
        " SELECT coalesce(a.survivor_id, n.member), n.member, n.zone, n.at, n.came"
        " FROM unnest($1::uuid[], $2::text[], $3::timestamptz[], $4::bool[])"
        " AS n (member, zone, at, came) LEFT JOIN member_alias a ON a.absorbed_id = n.member"
        " ON CONFLICT DO NOTHING",
        [each.member_id for each in moves],
        [str(each.properties["zone"]) for each in moves],
        [each.occurred_at for each in moves],
        [each.name == ZONE_ENTERED for each in moves],
    )


async def add_waits(tx: Tx, waits: Sequence[tuple[UUID, Fired]]) -> None:
    """These are to be looked at when they are due: (campaign, what was fired)."""
    found = [(campaign, fired, fired.wait) for campaign, fired in waits if fired.wait]
    await tx.execute(
        "INSERT INTO trigger_wait (campaign_id, member_id, original_member_id, occasion, zone,"
        " since, due_at, values)"
        " SELECT n.campaign, coalesce(a.survivor_id, n.member), n.member, n.occasion, n.zone,"
        " n.since, n.due_at, n.values::jsonb FROM unnest($1::uuid[], $2::uuid[],"
        " $3::timestamptz[], $4::text[], $5::timestamptz[], $6::timestamptz[], $7::text[])"
        " AS n (campaign, member, occasion, zone, since, due_at, values)"
        " LEFT JOIN member_alias a ON a.absorbed_id = n.member ON CONFLICT DO NOTHING",
        [campaign for campaign, _, _ in found],
        [fired.member_id for _, fired, _ in found],
        [fired.occasion for _, fired, _ in found],
        [wait.zone for _, _, wait in found],
        [wait.since for _, _, wait in found],
        [wait.due_at for _, _, wait in found],
        [msgspec.json.encode(fired.values).decode() for _, fired, _ in found],
    )


async def forget_behaviour(tx: Tx, members: Sequence[UUID]) -> None:
    """Where these were, and what waits for that, is of no account any more."""
    theirs = (
        "member_id IN (SELECT coalesce(a.survivor_id, n.id) FROM unnest($1::uuid[]) AS n (id)"
        " LEFT JOIN member_alias a ON a.absorbed_id = n.id)"
    )
    await tx.execute(f"DELETE FROM zone_move WHERE {theirs}", list(members))
    await tx.execute(f"DELETE FROM trigger_wait WHERE zone <> '' AND {theirs}", list(members))


async def take_due(tx: Tx, now: datetime, limit: int) -> list[Due]:
    """Waits that are over, taken out, the first due first.

    A stay in a zone begins with coming; coming again without having gone is the same stay, whose
    beginning counts. It ends with going, or with coming into another zone.
    """
    rows = await tx.fetch(
        "WITH due AS (DELETE FROM trigger_wait WHERE wait_id IN (SELECT wait_id FROM trigger_wait"
        " WHERE due_at <= $1 ORDER BY due_at, wait_id LIMIT $2 FOR UPDATE SKIP LOCKED)"
        " RETURNING *)"
        " SELECT d.*, d.zone = '' OR NOT EXISTS (SELECT FROM zone_move m"
        " WHERE m.member_id = d.member_id AND m.moved_at > d.since AND m.moved_at <= d.due_at"
        " AND NOT (m.came AND m.zone = d.zone))"
        " AND NOT EXISTS (SELECT FROM zone_move e WHERE e.member_id = d.member_id"
        " AND e.zone = d.zone AND e.came AND e.moved_at < d.since"
        " AND e.moved_at > d.since - $3::interval AND NOT EXISTS (SELECT FROM zone_move m"
        " WHERE m.member_id = d.member_id AND m.moved_at > e.moved_at AND m.moved_at <= d.since"
        " AND NOT (m.came AND m.zone = d.zone))) AS stayed"
        " FROM due d ORDER BY d.due_at, d.wait_id",
        now, limit, STAY,
    )  # fmt: skip
    return [
        Due(
            row["campaign_id"], row["member_id"], row["occasion"], row["due_at"], row["values"],
            row["stayed"],
        )
        for row in rows
    ]  # fmt: skip


async def some_members(tx: Tx, after: UUID, limit: int) -> list[UUID]:
    """Members by id, those after one."""
    rows = await tx.fetch(
        "SELECT member_id FROM member WHERE member_id > $1 ORDER BY member_id LIMIT $2",
        after, limit,
    )  # fmt: skip
    return [row["member_id"] for row in rows]
