"""Orders, contacts, days to write anew, facts, targets, reports: in and out of the database."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from campaign_service.kpis.domain import CONTACT_DAYS, REPEAT_DAYS
from campaign_service.kpis.sources import SOURCES, statement
from chassis.clock import PROGRAM_ZONE
from chassis.database import Tx
from contracts.daily_figures import FigureRow
from contracts.events import OrderRefunded, RecordedOrder

TABLES = ("kpi_order", "kpi_contact")  # that name a member
DAYS_AT_ONCE = 62
_DAY = f"AT TIME ZONE '{PROGRAM_ZONE.key}')::date"
_SEGMENTS = (
    "coalesce((SELECT array_agg(segment_id ORDER BY segment_id) FROM segment_member s"
    " WHERE s.member_id = {member}), '{{}}')"
)


async def add_orders(tx: Tx, orders: Sequence[RecordedOrder]) -> None:
    """Orders, in the segments that their members are in now."""
    member = "coalesce(a.survivor_id, o.member)"
    await tx.execute(
        "INSERT INTO kpi_order (order_no, member_id, original_member_id, paid_at, day, store,"
        " channel, paid_fen, refunded_fen, segments)"
        f" SELECT o.no, {member}, o.member, o.at, (o.at {_DAY}, o.store, o.channel, o.fen,"
        " coalesce((SELECT sum(refund_fen) FROM kpi_refund r WHERE r.order_no = o.no), 0),"
        f" {_SEGMENTS.format(member=member)}"
        " FROM unnest($1::text[], $2::uuid[], $3::timestamptz[], $4::text[], $5::text[],"
        " $6::bigint[]) AS o (no, member, at, store, channel, fen)"
        " LEFT JOIN member_alias a ON a.absorbed_id = o.member ON CONFLICT DO NOTHING",
        [each.order_no for each in orders], [each.member_id for each in orders],
        [each.paid_at for each in orders], [each.store_id for each in orders],
        [each.channel for each in orders], [each.paid_fen for each in orders],
    )  # fmt: skip


async def add_refunds(tx: Tx, refunds: Sequence[OrderRefunded]) -> None:
    """What was given back of orders, which may be told later than that."""
    numbers = [each.order_no for each in refunds]
    await tx.execute(
        "INSERT INTO kpi_refund (order_no, refund_no, refund_fen, refunded_at)"
        " SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[], $4::timestamptz[])"
        " ON CONFLICT DO NOTHING",
        numbers, [each.refund_no for each in refunds], [each.refund_fen for each in refunds],
        [each.refunded_at for each in refunds],
    )  # fmt: skip
    await tx.execute(
        "UPDATE kpi_order o SET refunded_fen = (SELECT sum(refund_fen) FROM kpi_refund r"
        " WHERE r.order_no = o.order_no) WHERE o.order_no = ANY($1::text[])",
        numbers,
    )


async def add_contacts(tx: Tx, deliveries: Sequence[UUID]) -> None:
    """Messages that left, in the segments that their members are in now."""
    await tx.execute(
        "INSERT INTO kpi_contact (delivery_id, member_id, original_member_id, sent_at, day,"
        " channel, cost_fen, reached, segments)"
        f" SELECT delivery_id, member_id, original_member_id, sent_at, (sent_at {_DAY}, channel,"
        f" cost_fen, status <> 'failed', {_SEGMENTS.format(member='d.member_id')}"
        " FROM delivery d WHERE delivery_id = ANY($1::uuid[]) AND sent_at IS NOT NULL"
        " ON CONFLICT (delivery_id) DO UPDATE SET reached = excluded.reached",
        list(deliveries),
    )


async def mark_orders(tx: Tx, orders: Sequence[str], soon: date) -> None:
    """Days that these orders say something about are to be written anew."""
    await tx.execute(
        "WITH told AS (SELECT * FROM kpi_order WHERE order_no = ANY($1::text[])), due AS ("
        "SELECT 'orders' AS source, day FROM told UNION SELECT 'month', day FROM told"
        f" UNION SELECT 'repeat', day + {REPEAT_DAYS} FROM told"
        f" UNION SELECT 'repeat', p.day + {REPEAT_DAYS} FROM told o JOIN kpi_order p"
        " ON p.member_id = o.member_id AND p.paid_at < o.paid_at"
        f" AND p.paid_at >= o.paid_at - interval '{REPEAT_DAYS} days'"
        f" UNION SELECT 'contacts', c.day + {CONTACT_DAYS} FROM told o JOIN kpi_contact c"
        " ON c.member_id = o.member_id AND c.sent_at < o.paid_at"
        f" AND c.sent_at >= o.paid_at - interval '{CONTACT_DAYS} days')" + _MARK,
        list(orders), soon,
    )  # fmt: skip


async def mark_contacts(tx: Tx, deliveries: Sequence[UUID], soon: date) -> None:
    """Days that these contacts say something about: theirs, and earlier contacts lose orders."""
    await tx.execute(
        "WITH told AS (SELECT * FROM kpi_contact WHERE delivery_id = ANY($1::uuid[])), due AS ("
        f"SELECT 'contacts' AS source, day + {CONTACT_DAYS} AS day FROM told"
        f" UNION SELECT 'contacts', c.day + {CONTACT_DAYS} FROM told t JOIN kpi_contact c"
        " ON c.member_id = t.member_id AND c.sent_at <= t.sent_at"
        f" AND c.sent_at >= t.sent_at - interval '{CONTACT_DAYS} days')" + _MARK,
        list(deliveries), soon,
    )  # fmt: skip


async def mark_answers(tx: Tx, invitations: Sequence[UUID], soon: date) -> None:
    """Days on which these invitations were answered."""
    await tx.execute(
        f"WITH due AS (SELECT DISTINCT 'answers' AS source, (answered_at {_DAY} AS day"
        " FROM survey_answer WHERE invitation_id = ANY($1::uuid[]))" + _MARK,
        list(invitations), soon,
    )  # fmt: skip


# Marks are only added, so that nobody waits; of days that are far from being written one is enough.
_MARK = (
    " INSERT INTO kpi_due (source, day) SELECT source, day FROM due WHERE day < $2::date"
    " OR NOT EXISTS (SELECT FROM kpi_due k WHERE k.source = due.source AND k.day = due.day)"
)


async def all_of(tx: Tx, members: Sequence[UUID]) -> tuple[list[str], list[UUID]]:
    """Order numbers and delivery ids that members have, or had under these ids."""
    orders = await tx.fetch(
        "SELECT order_no FROM kpi_order WHERE original_member_id = ANY($1::uuid[])", list(members)
    )
    contacts = await tx.fetch(
        "SELECT delivery_id FROM kpi_contact WHERE original_member_id = ANY($1::uuid[])",
        list(members),
    )
    return [row["order_no"] for row in orders], [row["delivery_id"] for row in contacts]


async def waiting(tx: Tx, today: date) -> bool:
    """Whether days that are over are still to be written."""
    return bool(await tx.fetchval("SELECT EXISTS (SELECT FROM kpi_due WHERE day < $1)", today))


async def write(tx: Tx, source: str, today: date) -> bool:
    """Write some days anew that are over; answers whether there were any. One job at a time."""
    rows = await tx.fetch(
        "DELETE FROM kpi_due WHERE source = $1 AND day IN (SELECT DISTINCT day FROM kpi_due"
        " WHERE source = $1 AND day < $2 ORDER BY day LIMIT $3) RETURNING day",
        source, today, DAYS_AT_ONCE,
    )  # fmt: skip
    monthly = SOURCES[source].monthly
    days = sorted({row["day"].replace(day=1) if monthly else row["day"] for row in rows})
    if days:
        await tx.execute(
            "DELETE FROM kpi_fact WHERE source = $1 AND day = ANY($2::date[])", source, days
        )
        await tx.execute(statement(source), days, *([today] if monthly else ()))
    return bool(days)


async def write_base(tx: Tx, day: date, rows: Iterable[FigureRow]) -> None:
    """How everybody stood as a day ended, as profile told last."""
    told = list(rows)
    await tx.execute("DELETE FROM kpi_fact WHERE source = 'base' AND day = $1", day)
    await tx.execute(
        "INSERT INTO kpi_fact (source, by, key, day, figures, behind)"
        " SELECT 'base', by, key, $1, ARRAY[members, risk, lost, valued, fen, tagged], members"
        " FROM unnest($2::text[], $3::text[], $4::bigint[], $5::bigint[], $6::bigint[],"
        " $7::bigint[], $8::bigint[], $9::bigint[])"
        " AS t (by, key, members, risk, lost, valued, fen, tagged)",
        day, [r.by for r in told], [r.key for r in told], [r.members for r in told],
        [r.high_risk for r in told], [r.lost for r in told], [r.valued for r in told],
        [r.value_fen for r in told], [r.tagged for r in told],
    )  # fmt: skip
    await tx.execute(
        "INSERT INTO kpi_name (by, key, name) SELECT * FROM unnest($1::text[], $2::text[],"
        " $3::text[]) AS t (by, key, name) WHERE name IS NOT NULL"
        " ON CONFLICT (by, key) DO UPDATE SET name = excluded.name",
        [r.by for r in told], [r.key for r in told], [r.name for r in told],
    )  # fmt: skip


async def names(tx: Tx, by: str) -> dict[str, str]:
    """What parts are called, where that is another word than their key."""
    rows = await tx.fetch("SELECT key, name FROM kpi_name WHERE by = $1", by)
    return {row["key"]: row["name"] for row in rows}


_SUMS = ", ".join(
    f"sum(figures[{n + 1}])::bigint"
    for n in range(max(len(source.measures) for source in SOURCES.values()))
)


async def sums(tx: Tx, by: str, first: date, last: date) -> Sequence[Any]:
    """(source, key, figures, behind) of days added up; `behind`: of the day with most. Figures have
    room for the source with most, and nulls at the end where a source has less."""
    key = "to_char(day, 'YYYY-MM')" if by == "month" else "key"
    return await tx.fetch(
        f"SELECT source, {key} AS part, ARRAY[{_SUMS}] AS figures, max(behind) AS behind"
        " FROM kpi_fact WHERE by = $1 AND day BETWEEN $2 AND $3"
        " AND source NOT IN ('base', 'month') GROUP BY 1, 2",
        "all" if by == "month" else by, first, last,
    )  # fmt: skip


async def monthly(tx: Tx, by: str, months: Sequence[date]) -> Sequence[Any]:
    """(day, key, figures, behind) of months."""
    return await tx.fetch(
        "SELECT day, key, figures, behind FROM kpi_fact"
        " WHERE source = 'month' AND by = $1 AND day = ANY($2::date[])",
        by, list(months),
    )  # fmt: skip


async def bases(tx: Tx, by: str, days: Sequence[date]) -> Sequence[Any]:
    """(day, key, figures, behind): how everybody stood, as last told by each of these days."""
    return await tx.fetch(
        "SELECT asked.day, f.key, f.figures, f.behind FROM unnest($2::date[]) AS asked (day)"
        " CROSS JOIN LATERAL (SELECT max(day) AS day FROM kpi_fact WHERE source = 'base'"
        " AND by = 'all' AND key = '' AND day <= asked.day) AS last"
        " JOIN kpi_fact f ON f.source = 'base' AND f.by = $1 AND f.day = last.day",
        by, list(days),
    )  # fmt: skip


async def add_targets(tx: Tx, document: Mapping[str, Any], note: str | None, by: str) -> None:
    """A new version."""
    await tx.execute("SELECT pg_advisory_xact_lock(hashtext('campaign:kpi_targets'))")
    await tx.execute(
        "INSERT INTO kpi_targets (version, document, note, changed_by, changed_at)"
        " SELECT coalesce(max(version), 0) + 1, $1, $2, $3, $4 FROM kpi_targets",
        dict(document), note, by, tx.now,
    )  # fmt: skip


async def targets(tx: Tx, limit: int) -> Sequence[Any]:
    """(version, document, note, changed_by, changed_at), the newest first."""
    return await tx.fetch(
        "SELECT version, document, note, changed_by, changed_at FROM kpi_targets"
        " ORDER BY version DESC LIMIT $1",
        limit,
    )


async def add_report(tx: Tx, week: date, document: Mapping[str, Any], written_at: datetime) -> None:
    """A week's report, once."""
    await tx.execute(
        "INSERT INTO kpi_report (week, document, written_at) VALUES ($1, $2, $3)"
        " ON CONFLICT DO NOTHING",
        week, dict(document), written_at,
    )  # fmt: skip


async def reports(tx: Tx, before: date | None, limit: int) -> Sequence[Any]:
    """(week, document, written_at), the newest first."""
    return await tx.fetch(
        "SELECT week, document, written_at FROM kpi_report"
        " WHERE $1::date IS NULL OR week < $1 ORDER BY week DESC LIMIT $2",
        before, limit,
    )  # fmt: skip
