"""Purchases, what was given back, redemptions, and the sums of a report."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import polars as pl

from campaign_service.measurement.domain import BEFORE, Arm, Funnel
from chassis.database import Tx
from contracts.campaign.reports import By
from contracts.events import OrderRefunded, RecordedOrder

TABLES = ("purchase",)  # that follow their member

# What left, or may have: it is paid for. A message that failed before it was sent is not.
_SENT = (
    "(d.status IN ('sent', 'delivered', 'unknown')"
    " OR (d.status = 'failed' AND d.sent_at IS NOT NULL))"
)
# Of both sides of a comparison those who could be written to: who was kept back by a cap or budget
# stays on the treated side, for the other side has members of that kind, too.
_COMPARED = "c.campaign_id = $1 AND c.measured_at IS NOT NULL AND c.eligible AND c.arm <> 'global'"
_ARM = "CASE c.arm WHEN 'treated' THEN 'treated' ELSE 'control' END"
_STORE = (  # of the last purchase before the contact; known for good once it is measured
    "CASE WHEN c.measured_at IS NULL THEN (SELECT p.store_id FROM purchase p"
    " WHERE p.member_id = c.member_id AND p.paid_at <= c.decided_at ORDER BY p.paid_at DESC"
    " LIMIT 1) ELSE c.store_id END"
)
_PART = {
    None: "''",
    By.VARIANT: "coalesce(x.variant, 'none')",
    By.CHANNEL: "coalesce(d.channel, 'none')",
    By.STORE: f"coalesce({_STORE}, 'none')",
    By.SEGMENT: "coalesce(s.segment_id::text, 'none')",
    By.DAY: "(c.decided_at AT TIME ZONE 'Asia/Shanghai')::date::text",
}
_JOINED: dict[By | None, str] = {
    By.SEGMENT:  # segment of each member: the one with the fewest members
    " LEFT JOIN (SELECT DISTINCT ON (m.member_id) m.member_id, m.segment_id FROM segment_member m"
    " JOIN (SELECT segment_id, count(*) AS n FROM segment_member GROUP BY segment_id) z"
    " USING (segment_id) ORDER BY m.member_id, z.n, m.segment_id) s ON s.member_id = c.member_id",
    By.VARIANT: " LEFT JOIN (SELECT DISTINCT ON (m.member_id) m.member_id, m.variant"
    " FROM experiment_member m JOIN experiment e USING (experiment_id) WHERE e.campaign_id = $1"
    " ORDER BY m.member_id, m.assigned_at, m.original_member_id) x ON x.member_id = c.member_id",
}


async def add_purchases(tx: Tx, orders: Sequence[RecordedOrder]) -> None:
    """Remember who bought when and where, under the id they have now."""
    await tx.execute(
        "INSERT INTO purchase (order_no, member_id, original_member_id, paid_at, paid_fen,"
        " store_id, refunded_fen)"
        " SELECT o.no, coalesce(a.survivor_id, o.member), o.member, o.at, o.fen, o.store,"
        " coalesce((SELECT sum(r.refund_fen) FROM refund r WHERE r.order_no = o.no), 0)"
        " FROM unnest($1::text[], $2::uuid[], $3::timestamptz[], $4::bigint[], $5::text[])"
        " AS o (no, member, at, fen, store)"
        " LEFT JOIN member_alias a ON a.absorbed_id = o.member ON CONFLICT DO NOTHING",
        [order.order_no for order in orders],
        [order.member_id for order in orders],
        [order.paid_at for order in orders],
        [order.paid_fen for order in orders],
        [order.store_id for order in orders],
    )


async def add_redemptions(tx: Tx, used: Sequence[tuple[str, int, RecordedOrder]]) -> None:
    """Coupons used with orders, as (code, fen it took off, order); codes that are not a campaign's
    are somebody else's business."""
    await tx.execute(
        "INSERT INTO redemption (coupon_code, order_no, campaign_id, paid_at, paid_fen,"
        " discount_fen, refunded_fen)"
        " SELECT o.code, o.no, d.campaign_id, o.at, o.fen, o.off,"
        " coalesce((SELECT sum(r.refund_fen) FROM refund r WHERE r.order_no = o.no), 0)"
        " FROM unnest($1::text[], $2::text[], $3::timestamptz[], $4::bigint[], $5::bigint[])"
        " AS o (code, no, at, fen, off) JOIN delivery d ON d.coupon_code = o.code"
        " ON CONFLICT DO NOTHING",
        [code for code, _, _ in used],
        [order.order_no for _, _, order in used],
        [order.paid_at for _, _, order in used],
        [order.paid_fen for _, _, order in used],
        [off for _, off, _ in used],
    )


async def add_refunds(tx: Tx, refunds: Sequence[OrderRefunded]) -> list[str]:
    """What was given back, each refund once; answers the orders that have less left now."""
    rows = await tx.fetch(
        "WITH new AS (INSERT INTO refund (order_no, refund_no, refund_fen, refunded_at)"
        " SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[], $4::timestamptz[])"
        " ON CONFLICT DO NOTHING RETURNING order_no, refund_fen), less AS (SELECT order_no,"
        " sum(refund_fen) AS fen FROM new GROUP BY order_no), used AS (UPDATE redemption r"
        " SET refunded_fen = r.refunded_fen + l.fen FROM less l WHERE r.order_no = l.order_no)"
        " UPDATE purchase p SET refunded_fen = p.refunded_fen + l.fen FROM less l"
        " WHERE p.order_no = l.order_no RETURNING p.order_no",
        [each.order_no for each in refunds],
        [each.refund_no for each in refunds],
        [each.refund_fen for each in refunds],
        [each.refunded_at for each in refunds],
    )
    return [row["order_no"] for row in rows]


async def give_back(tx: Tx, coupons: Sequence[tuple[str, str]]) -> None:
    """Coupons as (code, order) that the order does not use any more."""
    await tx.execute(
        "UPDATE redemption r SET returned = true FROM unnest($1::text[], $2::text[])"
        " AS n (code, no) WHERE r.coupon_code = n.code AND r.order_no = n.no",
        [code for code, _ in coupons],
        [order_no for _, order_no in coupons],
    )


async def measure(tx: Tx, now: datetime, window: object, before: datetime) -> None:
    """Settle the contacts decided up to `before`: what was bought within the window after each."""
    await _measure(tx, "c.measured_at IS NULL AND c.decided_at <= $4", now, window, before)


async def measure_again(tx: Tx, now: datetime, window: object, orders: Sequence[str]) -> None:
    """Settle those contacts once more in whose windows these orders are."""
    await _measure(
        tx,
        "c.measured_at IS NOT NULL AND EXISTS (SELECT FROM purchase o WHERE"
        " o.order_no = ANY($4::text[]) AND o.member_id = c.member_id AND o.paid_at > c.decided_at"
        " AND o.paid_at <= c.decided_at + $2::interval)",
        now,
        window,
        orders,
    )


async def _measure(tx: Tx, which: str, now: datetime, window: object, value: object) -> None:
    """What was known of before stays: it is not read again from purchases that went meanwhile."""
    await tx.execute(
        "UPDATE contact_decision c SET measured_at = $1, orders = s.orders,"
        " revenue_fen = s.revenue_fen, before_fen = coalesce(c.before_fen, s.before_fen),"
        " store_id = CASE WHEN c.before_fen IS NULL THEN s.store_id ELSE c.store_id END"
        " FROM (SELECT c.seq, count(*) FILTER (WHERE p.after AND p.fen > 0) AS orders,"
        " coalesce(sum(p.fen) FILTER (WHERE p.after), 0) AS revenue_fen,"
        " coalesce(sum(p.fen) FILTER (WHERE NOT p.after), 0) AS before_fen,"
        " (array_agg(p.store_id ORDER BY p.paid_at DESC) FILTER (WHERE NOT p.after))[1]"
        " AS store_id FROM contact_decision c LEFT JOIN LATERAL (SELECT"
        " p.paid_at > c.decided_at AS after, p.paid_fen - p.refunded_fen AS fen, p.store_id,"
        " p.paid_at FROM purchase p WHERE p.member_id = c.member_id"
        " AND p.paid_at > c.decided_at - $3::interval"
        f" AND p.paid_at <= c.decided_at + $2::interval) p ON true WHERE {which}"
        " GROUP BY c.seq) AS s WHERE c.seq = s.seq",
        now,
        window,
        BEFORE,
        value,
    )


async def prune(tx: Tx, before: datetime) -> None:
    """Forget purchases that no open window can need, and what was given back of them."""
    await tx.execute("DELETE FROM purchase WHERE paid_at < $1", before)
    await tx.execute("DELETE FROM refund WHERE refunded_at < $1", before)


async def members(tx: Tx, campaign_id: UUID) -> int:
    """How many members a campaign has decided about."""
    found: int = await tx.fetchval(
        "SELECT count(DISTINCT member_id) FROM contact_decision WHERE campaign_id = $1",
        campaign_id,
    )
    return found


async def funnels(tx: Tx, campaign_id: UUID, by: By | None, points_fen: int) -> dict[str, Funnel]:
    """The sums of one campaign, by part; None: of the whole, under ''.

    The money of an order stands with the first of its coupons. `points_fen`: what the points cost
    that go with a message.
    """
    rows = await tx.fetch(
        "WITH used AS (SELECT coupon_code, count(*) AS redeemed,"
        " count(*) FILTER (WHERE first) AS orders, sum(fen) FILTER (WHERE first) AS revenue_fen,"
        " sum(discount_fen) AS coupon_cost_fen FROM (SELECT coupon_code, discount_fen,"
        " paid_fen - refunded_fen AS fen,"
        " row_number() OVER (PARTITION BY order_no ORDER BY coupon_code) = 1 AS first"
        " FROM redemption WHERE campaign_id = $1 AND NOT returned) o GROUP BY coupon_code)"
        f" SELECT {_PART[by]} AS key, count(*) AS targeted,"
        " count(*) FILTER (WHERE c.outcome = 'control') AS held_out,"
        " count(*) FILTER (WHERE c.outcome = 'skipped') AS skipped,"
        " count(*) FILTER (WHERE d.status = 'withdrawn') AS withdrawn,"
        " count(*) FILTER (WHERE d.status IN ('held', 'requested')) AS pending,"
        f" count(*) FILTER (WHERE {_SENT}) AS sent,"
        " count(*) FILTER (WHERE d.status = 'refused'"
        " OR (d.status = 'failed' AND d.sent_at IS NULL)) AS refused,"
        " count(*) FILTER (WHERE d.status = 'delivered') AS delivered,"
        " count(r.opened_at) AS opened, count(r.clicked_at) AS clicked,"
        " count(d.coupon_code) AS claimed, coalesce(sum(u.redeemed), 0)::bigint AS redeemed,"
        " coalesce(sum(u.orders), 0)::bigint AS orders,"
        " coalesce(sum(u.revenue_fen), 0)::bigint AS revenue_fen,"
        f" coalesce(sum(d.cost_fen) FILTER (WHERE {_SENT}), 0)::bigint AS message_cost_fen,"
        " coalesce(sum(u.coupon_cost_fen), 0)::bigint AS coupon_cost_fen,"
        " count(d.requested_at) * $2::bigint AS points_cost_fen"
        " FROM contact_decision c LEFT JOIN delivery d USING (delivery_id)"
        " LEFT JOIN message_response r USING (delivery_id)"
        " LEFT JOIN used u ON u.coupon_code = d.coupon_code"
        f"{_JOINED.get(by, '')}"
        " WHERE c.campaign_id = $1 GROUP BY 1 ORDER BY 1",
        campaign_id,
        points_fen,
    )
    return {
        row["key"]: Funnel(**{name: value for name, value in row.items() if name != "key"})
        for row in rows
    }


async def arms(tx: Tx, campaign_id: UUID) -> dict[str, Arm]:
    """Figures by outcome: `message` is the treated side, `control` the other."""
    rows = await tx.fetch(
        "SELECT outcome, count(*) AS decided, count(measured_at) AS measured,"
        " count(*) FILTER (WHERE orders > 0) AS returned, sum(revenue_fen)::bigint AS revenue_fen"
        " FROM contact_decision WHERE campaign_id = $1 GROUP BY outcome",
        campaign_id,
    )
    return {
        row["outcome"]: Arm(row["decided"], row["measured"], row["returned"], row["revenue_fen"])
        for row in rows
    }


async def outcomes(tx: Tx, campaign_id: UUID, by: By | None) -> dict[str, pl.DataFrame]:
    """Members by the arm that chance gave them, each once, by the first contact that is measured;
    by part of it. Columns: unit, variant, returned (0, 1), revenue and pre (fen), at."""
    rows = await tx.fetch(
        "SELECT DISTINCT ON (c.member_id) c.member_id,"
        f" {_ARM} AS variant, (c.orders > 0)::int AS returned, c.revenue_fen, c.before_fen,"
        f" extract(epoch FROM c.decided_at)::float8 AS at, {_PART[by]} AS key"
        " FROM contact_decision c LEFT JOIN delivery d USING (delivery_id)"
        f"{_JOINED.get(by, '')}"
        f" WHERE {_COMPARED} ORDER BY c.member_id, c.decided_at, c.seq",
        campaign_id,
    )
    found = frame(rows)
    return {str(key): part.drop("key") for (key,), part in found.group_by("key")}


async def known_before(tx: Tx, campaign_id: UUID, most: int) -> pl.DataFrame:
    """Members as in `outcomes`, with what was known of them before the contact; of more than `most`
    a part that is as good as drawn by lot. Columns: unit, variant, outcome, pre, and features."""
    rows = await tx.fetch(
        "SELECT * FROM (SELECT DISTINCT ON (c.member_id) c.member_id::text AS unit,"
        f" {_ARM} AS variant, c.revenue_fen::float8 AS outcome, c.before_fen::float8 AS pre,"
        " coalesce(c.store_id, 'none') AS store, m.language,"
        " extract(epoch FROM c.decided_at - m.registered_at)::float8 / 86400 AS member_days,"
        " extract(epoch FROM c.decided_at - c.lapse)::float8 / 86400 AS occasion_days,"
        " extract(isodow FROM c.decided_at AT TIME ZONE 'Asia/Shanghai')::float8 AS weekday"
        " FROM contact_decision c JOIN member m USING (member_id)"
        f" WHERE {_COMPARED} ORDER BY c.member_id, c.decided_at, c.seq) f"
        " ORDER BY md5(unit) LIMIT $2",
        campaign_id,
        most,
    )
    names = (
        *("unit", "variant", "outcome", "pre", "store", "language"),
        *("member_days", "occasion_days", "weekday"),
    )
    texts = {"unit", "variant", "store", "language"}
    return pl.DataFrame(
        {name: [row[name] for row in rows] for name in names},
        schema={name: pl.String if name in texts else pl.Float64 for name in names},
    )


def frame(rows: Sequence[Any]) -> pl.DataFrame:
    """Rows (member, variant, returned, revenue, before, at, key) as the measures want them."""
    columns = [list(column) for column in zip(*rows, strict=True)] or [[] for _ in range(7)]
    ids, variants, returned, revenue, before, at, keys = columns
    return pl.DataFrame(
        {
            "unit": [each.hex for each in ids],
            "variant": variants,
            "returned": returned,
            "revenue": revenue,
            "pre": before,
            "at": at,
            "key": keys,
        },
        schema={
            "unit": pl.String,
            "variant": pl.String,
            "returned": pl.Int8,
            "revenue": pl.Float64,
            "pre": pl.Float64,
            "at": pl.Float64,
            "key": pl.String,
        },
    )
