"""Who is where, and what was heard. Everything works on whole batches."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec

from campaign_service.audiences.domain import Picking
from campaign_service.decisions.repository import Args, audience
from campaign_service.journeys.domain import MESSAGE_STATES, Known, Run, Signal
from chassis.database import Tx

TABLES = ("journey_run", "journey_signal")  # that follow their member
_RUN = (
    "run_id, journey_id, version, member_id, original_member_id, entered_at, entered_by, control,"
    " node, at, mark, due_at, steps, arms, message"
)
_NOW = "coalesce(a.survivor_id, n.member)"


async def heard_names(tx: Tx) -> set[str]:
    """Events that some journey under a running or paused campaign hears."""
    rows = await tx.fetch(
        "SELECT DISTINCT w.name FROM journey_watch w JOIN journey j USING (journey_id)"
        " JOIN campaign c USING (campaign_id) WHERE c.status IN ('launched', 'paused')"
    )
    return {row["name"] for row in rows}


async def behaviours(tx: Tx) -> set[str]:
    """Collected events that journeys of running or paused campaigns hear, by their names."""
    rows = await tx.fetch(
        "SELECT DISTINCT substr(w.name, 5) AS name FROM journey_watch w"
        " JOIN journey j USING (journey_id) JOIN campaign c USING (campaign_id)"
        " WHERE c.status IN ('launched', 'paused') AND w.name LIKE 'did:%'"
    )
    return {row["name"] for row in rows}


async def watching(tx: Tx, watcher: UUID) -> set[str]:
    """Collected events that profile was asked to tell of."""
    rows = await tx.fetch("SELECT name FROM event_watch WHERE watcher = $1", watcher)
    return {row["name"] for row in rows}


async def remember(tx: Tx, signals: Sequence[Signal]) -> list[Signal]:
    """Keep what happened, for whoever the member is by now; answers what is news."""
    rows = await tx.fetch(
        "INSERT INTO journey_signal"
        " (name, key, original_member_id, member_id, occurred_at, properties)"
        f" SELECT n.name, n.key, n.member, {_NOW}, n.at, n.properties::jsonb"
        " FROM unnest($1::text[], $2::text[], $3::uuid[], $4::timestamptz[], $5::text[])"
        " AS n (name, key, member, at, properties)"
        " LEFT JOIN member_alias a ON a.absorbed_id = n.member"
        " ON CONFLICT DO NOTHING"
        " RETURNING name, key, member_id, occurred_at, properties",
        [each.name for each in signals],
        [each.key for each in signals],
        [each.member_id for each in signals],
        [each.occurred_at for each in signals],
        [msgspec.json.encode(each.properties).decode() for each in signals],
    )
    return [Signal(**row) for row in rows]


async def wake(tx: Tx, signals: Sequence[Signal], now: datetime) -> None:
    """Whoever is on the way and waits for one of these, or may leave by it, is looked at."""
    await tx.execute(
        "UPDATE journey_run r SET wake_at = least(r.wake_at, $3)"
        " FROM unnest($1::uuid[], $2::text[]) AS n (member, name)"
        " WHERE r.member_id = n.member AND r.ended_at IS NULL AND r.wake_at > $3 AND EXISTS"
        " (SELECT FROM journey_watch w WHERE w.name = n.name AND w.journey_id = r.journey_id"
        " AND w.version = r.version AND w.role IN ('exit', 'wait') AND w.node IN ('', r.node))",
        [each.member_id for each in signals],
        [each.name for each in signals],
        now,
    )


_ENTER = (
    " (run_id, journey_id, version, member_id, original_member_id, occasion, entered_at,"
    " entered_by, node, at, wake_at)"
)


@dataclass(frozen=True, slots=True)
class Gate:
    """Where members get into a journey, and how long after the last time they do `again`; None:
    never."""

    journey_id: UUID
    version: int
    start: str
    again: timedelta | None


async def enter(tx: Tx, gate: Gate, entries: Sequence[tuple[UUID, Signal]], now: datetime) -> None:
    """Members as (run, event) get in, unless they are in or may not again. Of several events of one
    member before anybody looked, the earliest did."""
    await tx.execute(
        f"INSERT INTO journey_run {_ENTER} SELECT DISTINCT ON (n.member) n.run, $1, $3, n.member,"
        " n.member, n.at, n.at, n.place, $4, n.at, $5"
        " FROM unnest($6::uuid[], $7::uuid[], $8::timestamptz[], $9::text[])"
        " AS n (run, member, at, place)"
        " WHERE NOT EXISTS (SELECT FROM journey_run r WHERE r.journey_id = $1"
        " AND r.member_id = n.member AND CASE WHEN r.ended_at IS NULL THEN r.steps > 0"
        " ELSE r.occasion >= n.at OR $2::interval IS NULL OR r.entered_at + $2 > n.at END)"
        " ORDER BY n.member, n.at, n.place"
        " ON CONFLICT (journey_id, member_id) WHERE ended_at IS NULL DO UPDATE SET"
        " occasion = excluded.occasion, entered_at = excluded.entered_at, at = excluded.at,"
        " entered_by = excluded.entered_by"
        " WHERE journey_run.steps = 0 AND journey_run.due_at IS NULL"
        " AND (journey_run.entered_at, journey_run.entered_by)"
        " > (excluded.entered_at, excluded.entered_by)",
        gate.journey_id, gate.again, gate.version, gate.start, now,
        [run for run, _ in entries],
        [signal.member_id for _, signal in entries],
        [signal.occurred_at for _, signal in entries],
        [signal.place[1] for _, signal in entries],
    )  # fmt: skip


async def enter_audience(
    tx: Tx,
    gate: Gate,
    picking: Picking,
    *,
    since: datetime,
    now: datetime,
    after: UUID,
    limit: int,
) -> UUID | None:
    """The next members of an audience after one get in, as `enter` says; answers the last of those
    looked at, None where there are no more. `since`: the occasion where the audience has none."""
    args = Args([gate.journey_id, gate.again, gate.version, gate.start, now, after, limit])
    source, where = audience(picking, args)
    columns = [f"m.{moment}" if moment != "entered_at" else moment for moment in picking.moments]
    occasion = f"greatest({', '.join(columns)})" if columns else f"{args(since)}::timestamptz"
    last: UUID | None = await tx.fetchval(
        f"WITH meant AS (SELECT m.member_id AS member, {occasion} AS occasion FROM {source}"
        f" WHERE {' AND '.join([*where, 'm.member_id > $6'])} ORDER BY m.member_id LIMIT $7),"
        f" entered AS (INSERT INTO journey_run {_ENTER} SELECT"
        " md5(concat_ws('/', $1::uuid, n.member, n.occasion))::uuid, $1, $3, n.member, n.member,"
        " n.occasion, $5::timestamptz, 'audience', $4, $5, $5 FROM meant n"
        " WHERE n.occasion IS NOT NULL AND NOT EXISTS"
        " (SELECT FROM journey_run r WHERE r.journey_id = $1 AND r.member_id = n.member"
        " AND (r.ended_at IS NULL OR r.occasion >= n.occasion"
        " OR $2::interval IS NULL OR r.entered_at + $2 > $5)) ON CONFLICT DO NOTHING)"
        " SELECT member FROM meant ORDER BY member DESC LIMIT 1",
        *args,
    )
    return last


async def meant(tx: Tx, picking: Picking, members: Sequence[UUID]) -> set[UUID]:
    """Those of these members who are of an audience."""
    args = Args([list(members)])
    source, where = audience(picking, args)
    rows = await tx.fetch(
        f"SELECT m.member_id FROM {source}"
        f" WHERE {' AND '.join([*where, 'm.member_id = ANY($1::uuid[])'])}",
        *args,
    )
    return {row["member_id"] for row in rows}


async def take_due(tx: Tx, journey_id: UUID, now: datetime, limit: int) -> list[Run]:
    """Runs to look at, locked; those that somebody else looks at are left to them."""
    rows = await tx.fetch(
        f"SELECT {_RUN} FROM journey_run WHERE journey_id = $1 AND ended_at IS NULL"
        " AND wake_at <= $2 ORDER BY wake_at LIMIT $3 FOR UPDATE SKIP LOCKED",
        journey_id, now, limit,
    )  # fmt: skip
    return [Run(**row) for row in rows]


async def due_journeys(tx: Tx, now: datetime) -> list[UUID]:
    """Journeys of running campaigns with somebody to look at."""
    rows = await tx.fetch(
        "SELECT j.journey_id FROM journey j JOIN campaign c USING (campaign_id)"
        " WHERE c.status = 'launched' AND EXISTS (SELECT FROM journey_run r"
        " WHERE r.journey_id = j.journey_id AND r.ended_at IS NULL AND r.wake_at <= $1)"
        " ORDER BY j.seq",
        now,
    )
    return [row["journey_id"] for row in rows]


async def save(tx: Tx, runs: Sequence[Run]) -> None:
    """Runs as they are after some steps; what they went through is added to their paths."""
    await tx.execute(
        "UPDATE journey_run r SET node = n.node, at = n.at, mark = n.mark, due_at = n.due,"
        " wake_at = n.wake, steps = n.steps, control = n.control, arms = n.arms::jsonb,"
        " message = n.message::jsonb, path = r.path || n.path::jsonb, ended_at = n.ended,"
        " reason = n.reason FROM unnest($1::uuid[], $2::text[], $3::timestamptz[], $4::text[],"
        " $5::timestamptz[], $6::timestamptz[], $7::int[], $8::boolean[], $9::text[], $10::text[],"
        " $11::text[], $12::timestamptz[], $13::text[]) AS n (id, node, at, mark, due, wake, steps,"
        " control, arms, message, path, ended, reason) WHERE r.run_id = n.id",
        [run.run_id for run in runs],
        [run.node for run in runs],
        [run.at for run in runs],
        [run.mark for run in runs],
        [run.due_at for run in runs],
        [run.wake_at for run in runs],
        [run.steps for run in runs],
        [run.control for run in runs],
        [_json(run.arms) for run in runs],
        [None if run.message is None else _json(run.message) for run in runs],
        [_json(run.path) for run in runs],
        [run.ended_at for run in runs],
        [run.reason for run in runs],
    )


async def forget(tx: Tx, runs: Sequence[Run]) -> None:
    """Who did not meet the entry's condition was never in."""
    await tx.execute(
        "DELETE FROM journey_run WHERE run_id = ANY($1::uuid[])", [run.run_id for run in runs]
    )


async def signals(
    tx: Tx, runs: Sequence[Run], names: Collection[str], now: datetime
) -> dict[UUID, list[Signal]]:
    """What happened to these members since they got in, by member, in turn."""
    if not names:
        return {}
    rows = await tx.fetch(
        "SELECT s.name, s.key, s.member_id, s.occurred_at, s.properties"
        " FROM unnest($1::uuid[], $2::timestamptz[]) AS n (member, since)"
        " JOIN journey_signal s ON s.member_id = n.member AND s.occurred_at >= n.since"
        " WHERE s.name = ANY($3::text[]) AND s.occurred_at <= $4",
        [run.member_id for run in runs],
        [run.entered_at for run in runs],
        list(names),
        now,
    )
    found: dict[UUID, list[Signal]] = {}
    for row in rows:
        found.setdefault(row["member_id"], []).append(Signal(**row))
    for each in found.values():
        each.sort(key=lambda signal: signal.place)
    return found


async def known(tx: Tx, runs: Sequence[Run]) -> dict[UUID, Known]:
    """What is true of these members, and what became of their last messages, by run."""
    rows = await tx.fetch(
        "SELECT n.run, m.tier, coalesce(m.language, 'zh') AS language, ARRAY(SELECT segment_id"
        " FROM segment_member s WHERE s.member_id = n.member) AS segments,"
        " (SELECT CASE WHEN s.clicked_at IS NOT NULL THEN 'clicked' WHEN s.opened_at IS NOT NULL"
        " THEN 'opened' ELSE coalesce(d.status, p.outcome) END FROM contact_decision p"
        " LEFT JOIN delivery d USING (delivery_id) LEFT JOIN message_response s USING (delivery_id)"
        " WHERE p.campaign_id = j.campaign_id"
        " AND p.member_id = n.member AND p.step = n.step AND p.lapse = n.asked"
        " ORDER BY p.seq DESC LIMIT 1) AS message"
        " FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::timestamptz[])"
        " AS n (run, journey, member, step, asked) JOIN journey j ON j.journey_id = n.journey"
        " LEFT JOIN member m ON m.member_id = n.member",
        [run.run_id for run in runs],
        [run.journey_id for run in runs],
        [run.member_id for run in runs],
        [run.message["node"] if run.message else None for run in runs],
        [datetime.fromisoformat(run.message["at"]) if run.message else None for run in runs],
    )
    return {
        row["run"]: Known(
            row["tier"],
            row["language"],
            frozenset(row["segments"]),
            MESSAGE_STATES[row["message"]] if row["message"] else "none",
        )
        for row in rows
    }


async def messages(tx: Tx, deliveries: Sequence[UUID]) -> dict[UUID, Any]:
    """Member, campaign and step of those messages that journeys sent, by delivery."""
    rows = await tx.fetch(
        "SELECT d.delivery_id, d.member_id, d.campaign_id, d.step FROM delivery d"
        " JOIN journey j USING (campaign_id) WHERE d.delivery_id = ANY($1::uuid[])",
        list(deliveries),
    )
    return {row["delivery_id"]: row for row in rows}


async def end_finished(tx: Tx, now: datetime, limit: int) -> bool:
    """Nobody is on the way any more where the campaign is finished; answers whether more may be."""
    tag = await tx.execute(
        "UPDATE journey_run SET ended_at = $1, reason = 'campaign_finished', wake_at = NULL,"
        " due_at = NULL WHERE run_id IN (SELECT r.run_id FROM journey_run r"
        " JOIN journey j USING (journey_id) JOIN campaign c USING (campaign_id)"
        " WHERE c.status = 'finished' AND r.ended_at IS NULL LIMIT $2 FOR UPDATE OF r SKIP LOCKED)",
        now, limit,
    )  # fmt: skip
    return tag == f"UPDATE {limit}"


async def end_doubled(tx: Tx, absorbed: Sequence[UUID], now: datetime) -> None:
    """Of two ways of one person through a journey the elder goes on. Aliases are written by now."""
    await tx.execute(
        "UPDATE journey_run r SET ended_at = $2, reason = 'merged', wake_at = NULL, due_at = NULL"
        " FROM (SELECT run_id, row_number() OVER (PARTITION BY journey_id, person"
        " ORDER BY entered_at, seq) AS place FROM (SELECT o.run_id, o.journey_id, o.entered_at,"
        " o.seq, coalesce(a.survivor_id, o.member_id) AS person FROM journey_run o"
        " LEFT JOIN member_alias a ON a.absorbed_id = o.member_id WHERE o.ended_at IS NULL"
        " AND o.member_id IN (SELECT unnest($1::uuid[]) UNION SELECT survivor_id"
        " FROM member_alias WHERE absorbed_id = ANY($1::uuid[]) UNION SELECT b.absorbed_id"
        " FROM member_alias b JOIN member_alias c USING (survivor_id)"
        " WHERE c.absorbed_id = ANY($1::uuid[]))) AS ways) AS n"
        " WHERE r.run_id = n.run_id AND n.place > 1",
        list(absorbed), now,
    )  # fmt: skip


async def trim(tx: Tx, before: datetime) -> None:
    """What happened before then and nobody on the way needs goes."""
    await tx.execute(
        "DELETE FROM journey_signal s WHERE s.occurred_at < $1 AND NOT EXISTS"
        " (SELECT FROM journey_run r WHERE r.member_id = s.member_id AND r.ended_at IS NULL"
        " AND r.entered_at <= s.occurred_at)",
        before,
    )


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()
