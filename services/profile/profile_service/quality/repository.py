"""Measures in the database, and reports that are kept."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from chassis.database import Tx
from contracts.events import DuplicatesHunted
from contracts.gateway_events import CorrectionCount, QuarantineCount
from contracts.quality import QualityReport
from profile_service.quality.domain import Days, Delay

_ABOUT_MONEY = "(amount|paid|tender|price|total|revenue|discount)"
_MEMBERS = """
SELECT count(*), count(*) FILTER (WHERE channel), count(*) FILTER (WHERE gender),
    count(*) FILTER (WHERE birthday), count(*) FILTER (WHERE city) FROM (
    SELECT bool_or(channel IS NOT NULL) AS channel, bool_or(birth_month IS NOT NULL) AS birthday,
        bool_or(coalesce(gender, 'unknown') <> 'unknown') AS gender,
        bool_or(city IS NOT NULL) AS city
    FROM member JOIN subject ON subject.id = member.subject_id GROUP BY root
) AS people
"""
_ORDERS = """
WITH booked AS (
    SELECT store_id, channel, skus FROM purchase WHERE paid_at >= $1 AND paid_at < $2
), line AS (
    SELECT department FROM booked, unnest(skus) AS sold (sku)
    LEFT JOIN product ON product.sku = sold.sku
)
SELECT (SELECT count(*) FROM booked), (SELECT count(*) FROM booked WHERE channel <> ''),
    (SELECT count(*) FROM booked JOIN store USING (store_id)),
    (SELECT count(*) FROM booked WHERE cardinality(skus) > 0),
    (SELECT count(*) FROM line), (SELECT count(department) FROM line)
"""
_AMOUNTS = """
WITH booked AS (
    SELECT paid_fen, amounts_fen FROM purchase WHERE paid_at >= $1 AND paid_at < $2
), returned AS (
    SELECT order_no, sum(refund_fen) AS fen FROM refund WHERE order_no IN
        (SELECT order_no FROM refund WHERE refunded_at >= $1 AND refunded_at < $2)
    GROUP BY order_no
)
SELECT (SELECT count(*) FROM booked),
    (SELECT count(*) FROM booked WHERE paid_fen < 0 OR 0 > ANY (amounts_fen)
        OR paid_fen > 0 AND NOT 0 < ANY (amounts_fen)),
    (SELECT count(*) FROM returned WHERE fen > ANY
        (SELECT paid_fen FROM purchase WHERE purchase.order_no = returned.order_no))
"""


async def filled(tx: Tx, since: datetime, until: datetime, days: Days) -> list[tuple[str, ...]]:
    """(area, field, rows, filled) of every field there is."""
    people = await tx.fetchrow(_MEMBERS)
    orders = await tx.fetchrow(_ORDERS, since, until)
    goods = await tx.fetchrow(
        "SELECT count(*), count(name), count(department), count(category), count(brand)"
        " FROM product"
    )
    stores = await tx.fetchrow("SELECT count(*), count(name), count(city) FROM store")
    told = await tx.fetchrow(
        "SELECT coalesce(sum(n), 0)::bigint, coalesce(sum(n) FILTER (WHERE channel <> ''),"
        " 0)::bigint FROM activity_day WHERE day >= $1 AND day < $2",
        days.since, days.until,
    )  # fmt: skip
    return [
        *_fields("member", people, ("channel", "gender", "birthday", "city")),
        *_fields("product", goods, ("name", "department", "category", "brand")),
        *_fields("store", stores, ("name", "city")),
        *_fields("order", orders[:4], ("channel", "store_id", "items")),
        *_fields("order_line", orders[4:], ("department",)),
        *_fields("behaviour", told, ("channel",)),
    ]


def _fields(area: str, row: Sequence[int], names: Sequence[str]) -> list[Any]:
    return [(area, name, row[0], n) for name, n in zip(names, row[1:], strict=True)]


async def amounts(tx: Tx, since: datetime, until: datetime, days: Days) -> tuple[int, int, int]:
    """Orders booked, orders refused because of an amount, and booked ones that are wrong."""
    orders, odd, overpaid = await tx.fetchrow(_AMOUNTS, since, until)
    refused = await tx.fetchval(
        "SELECT coalesce(sum(put_aside), 0)::bigint FROM quarantine_day"
        " WHERE day >= $1 AND day < $2 AND (pointer ~ $3 OR reason ~ $3)",
        days.since, days.until, _ABOUT_MONEY,
    )  # fmt: skip
    return orders, refused, odd + overpaid


async def delays(tx: Tx, days: Days) -> tuple[int, int, int]:
    """Messages, late ones, and the longest way in milliseconds."""
    row = await tx.fetchrow(
        "SELECT coalesce(sum(messages), 0)::bigint, coalesce(sum(late), 0)::bigint,"
        " coalesce(max(worst_ms), 0) FROM collect_delay WHERE day >= $1 AND day < $2",
        days.since, days.until,
    )  # fmt: skip
    return row[0], row[1], row[2]


async def add_delays(tx: Tx, delays: Sequence[Delay]) -> None:
    """Add to what is known of days."""
    await tx.execute(
        "INSERT INTO collect_delay SELECT * FROM"
        " unnest($1::date[], $2::bigint[], $3::bigint[], $4::bigint[])"
        " ON CONFLICT (day) DO UPDATE SET messages = collect_delay.messages + excluded.messages,"
        " late = collect_delay.late + excluded.late,"
        " worst_ms = greatest(collect_delay.worst_ms, excluded.worst_ms)",
        [each.day for each in delays], [each.messages for each in delays],
        [each.late for each in delays], [each.worst_ms for each in delays],
    )  # fmt: skip


async def count_quarantine(
    tx: Tx, put_aside: Sequence[QuarantineCount], replayed: Sequence[QuarantineCount]
) -> None:
    """Add to what was put aside, and to what was taken of it after all."""
    rows = [(each, each.n, 0) for each in put_aside] + [(each, 0, each.n) for each in replayed]
    await tx.execute(
        "INSERT INTO quarantine_day SELECT day, stage, reason, pointer, sum(aside), sum(taken)"
        " FROM unnest($1::date[], $2::text[], $3::text[], $4::text[], $5::int[], $6::int[])"
        " AS told (day, stage, reason, pointer, aside, taken)"
        " GROUP BY day, stage, reason, pointer"
        " ON CONFLICT (day, stage, reason, pointer) DO UPDATE SET"
        " put_aside = quarantine_day.put_aside + excluded.put_aside,"
        " replayed = quarantine_day.replayed + excluded.replayed",
        [each.day for each, _, _ in rows], [each.stage for each, _, _ in rows],
        [each.reason for each, _, _ in rows], [each.pointer for each, _, _ in rows],
        [aside for _, aside, _ in rows], [taken for _, _, taken in rows],
    )  # fmt: skip


async def quarantine(tx: Tx, days: Days) -> Sequence[Any]:
    """Rows of stage, reason, pointer, put_aside, replayed; the most frequent first."""
    return await tx.fetch(
        "SELECT stage, reason, pointer, sum(put_aside)::bigint AS put_aside,"
        " sum(replayed)::bigint AS replayed FROM quarantine_day WHERE day >= $1 AND day < $2"
        " GROUP BY stage, reason, pointer ORDER BY 4 DESC, 1, 2, 3",
        days.since, days.until,
    )  # fmt: skip


async def waiting(tx: Tx) -> int:
    """Messages in quarantine that were not taken yet."""
    n: int = await tx.fetchval(
        "SELECT coalesce(sum(put_aside - replayed), 0)::bigint FROM quarantine_day"
    )
    return n


async def flips(tx: Tx, since: datetime, until: datetime) -> Any:
    """noticed, decided, waiting."""
    return await tx.fetchrow(
        "SELECT count(*) FILTER (WHERE flipped_at >= $1 AND flipped_at < $2) AS noticed,"
        " count(*) FILTER (WHERE decided_at >= $1 AND decided_at < $2) AS decided,"
        " count(*) FILTER (WHERE decision IS NULL) AS waiting FROM tag_review",
        since, until,
    )  # fmt: skip


async def count_corrections(tx: Tx, counts: Sequence[CorrectionCount]) -> None:
    """Add to what cleaning corrected."""
    await tx.execute(
        "INSERT INTO correction_day SELECT day, field, rule, sum(n) FROM"
        " unnest($1::date[], $2::text[], $3::text[], $4::int[]) AS told (day, field, rule, n)"
        " GROUP BY day, field, rule"
        " ON CONFLICT (day, field, rule) DO UPDATE SET n = correction_day.n + excluded.n",
        [each.day for each in counts], [each.field for each in counts],
        [each.rule for each in counts], [each.n for each in counts],
    )  # fmt: skip


async def corrections(tx: Tx, days: Days) -> Sequence[Any]:
    """Rows of field, rule, corrected; the most frequent first."""
    return await tx.fetch(
        "SELECT field, rule, sum(n)::bigint AS corrected FROM correction_day"
        " WHERE day >= $1 AND day < $2 GROUP BY field, rule ORDER BY 3 DESC, 1, 2",
        days.since, days.until,
    )  # fmt: skip


async def add_hunt(tx: Tx, hunt: DuplicatesHunted) -> None:
    """Keep a search's counts."""
    await tx.execute(
        "INSERT INTO duplicate_hunt VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING",
        hunt.hunted_at, hunt.found, hunt.merged, hunt.reviews_new, hunt.reviews_open,
    )  # fmt: skip


async def hunts(tx: Tx, since: datetime, until: datetime) -> Any:
    """hunted_at and reviews_open of the last search before `until`; sums since; None: none yet."""
    return await tx.fetchrow(
        "SELECT max(hunted_at) AS hunted_at,"
        " coalesce(sum(found) FILTER (WHERE hunted_at >= $1), 0)::bigint AS found,"
        " coalesce(sum(merged) FILTER (WHERE hunted_at >= $1), 0)::bigint AS merged,"
        " coalesce(sum(reviews_new) FILTER (WHERE hunted_at >= $1), 0)::bigint AS reviews_new,"
        " (array_agg(reviews_open ORDER BY hunted_at DESC))[1] AS reviews_open"
        " FROM duplicate_hunt WHERE hunted_at < $2 HAVING count(*) > 0",
        since, until,
    )  # fmt: skip


async def keep(tx: Tx, report: QualityReport) -> None:
    """Keep a week's report; the first one of a week stays."""
    await tx.execute(
        "INSERT INTO quality_report (week, made_at, light, report) VALUES ($1, $2, $3, $4)"
        " ON CONFLICT DO NOTHING",
        report.since, report.made_at, report.light, report.model_dump(mode="json"),
    )  # fmt: skip


async def kept(tx: Tx, week: date) -> dict[str, Any] | None:
    """The report of a week."""
    report: dict[str, Any] | None = await tx.fetchval(
        "SELECT report FROM quality_report WHERE week = $1", week
    )
    return report


async def all_kept(tx: Tx, before: date | None, limit: int) -> Sequence[Any]:
    """Rows of week, made_at, light; the newest first."""
    return await tx.fetch(
        "SELECT week, made_at, light FROM quality_report WHERE $1::date IS NULL OR week < $1"
        " ORDER BY week DESC LIMIT $2",
        before, limit,
    )  # fmt: skip
