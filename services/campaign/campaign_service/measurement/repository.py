"""Purchases, redemptions, and the sums of a report."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from campaign_service.measurement.domain import Arm, Funnel
from campaign_service.measurement.incremental import Side
from chassis.database import Tx
from contracts.events import RecordedOrder

TABLES = ("purchase",)  # that follow their member

# What left, or may have: it is paid for. A message that failed before it was sent is not.
_SENT = (
    "(d.status IN ('sent', 'delivered', 'unknown')"
    " OR (d.status = 'failed' AND d.sent_at IS NOT NULL))"
)


async def add_purchases(tx: Tx, orders: Sequence[RecordedOrder]) -> None:
    """Remember who bought when, under the id they have now."""
    await tx.execute(
        "INSERT INTO purchase (order_no, member_id, original_member_id, paid_at, paid_fen)"
        " SELECT o.no, coalesce(a.survivor_id, o.member), o.member, o.at, o.fen"
        " FROM unnest($1::text[], $2::uuid[], $3::timestamptz[], $4::bigint[])"
        " AS o (no, member, at, fen) LEFT JOIN member_alias a ON a.absorbed_id = o.member"
        " ON CONFLICT DO NOTHING",
        [order.order_no for order in orders],
        [order.member_id for order in orders],
        [order.paid_at for order in orders],
        [order.paid_fen for order in orders],
    )


async def add_redemptions(tx: Tx, used: Sequence[tuple[str, RecordedOrder]]) -> None:
    """Coupons used with orders; codes that are not a campaign's are somebody else's business."""
    await tx.execute(
        "INSERT INTO redemption (coupon_code, order_no, campaign_id, paid_at, paid_fen)"
        " SELECT o.code, o.no, d.campaign_id, o.at, o.fen"
        " FROM unnest($1::text[], $2::text[], $3::timestamptz[], $4::bigint[])"
        " AS o (code, no, at, fen) JOIN delivery d ON d.coupon_code = o.code"
        " ON CONFLICT DO NOTHING",
        [code for code, _ in used],
        [order.order_no for _, order in used],
        [order.paid_at for _, order in used],
        [order.paid_fen for _, order in used],
    )


async def measure(tx: Tx, now: datetime, window: object, before: datetime) -> None:
    """Settle the contacts decided up to `before`: what was bought within the window after each."""
    await tx.execute(
        "UPDATE contact_decision c SET measured_at = $1, orders = s.orders,"
        " revenue_fen = s.revenue_fen FROM (SELECT c.seq, count(p.order_no) AS orders,"
        " coalesce(sum(p.paid_fen), 0) AS revenue_fen FROM contact_decision c"
        " LEFT JOIN purchase p ON p.member_id = c.member_id AND p.paid_at > c.decided_at"
        " AND p.paid_at <= c.decided_at + $2::interval"
        " WHERE c.measured_at IS NULL AND c.decided_at <= $3 GROUP BY c.seq) AS s"
        " WHERE c.seq = s.seq",
        now,
        window,
        before,
    )


async def prune(tx: Tx, before: datetime) -> None:
    """Forget purchases that no open window can need."""
    await tx.execute("DELETE FROM purchase WHERE paid_at < $1", before)


async def funnel(tx: Tx, campaign_id: UUID) -> Funnel:
    """The sums of one campaign."""
    row = await tx.fetchrow(
        "SELECT count(DISTINCT c.member_id) AS members, count(*) AS targeted,"
        " count(*) FILTER (WHERE c.outcome = 'control') AS held_out,"
        " count(*) FILTER (WHERE c.outcome = 'skipped') AS skipped,"
        " count(*) FILTER (WHERE d.status = 'withdrawn') AS withdrawn,"
        " count(*) FILTER (WHERE d.status IN ('held', 'requested')) AS pending,"
        f" count(*) FILTER (WHERE {_SENT}) AS sent,"
        " count(*) FILTER (WHERE d.status = 'refused'"
        " OR (d.status = 'failed' AND d.sent_at IS NULL)) AS refused,"
        f" coalesce(sum(d.cost_fen) FILTER (WHERE {_SENT}), 0)::bigint AS cost_fen"
        " FROM contact_decision c LEFT JOIN delivery d USING (delivery_id)"
        " WHERE c.campaign_id = $1",
        campaign_id,
    )
    used = await tx.fetchrow(
        "SELECT coalesce(sum(codes), 0)::bigint AS redeemed,"
        " coalesce(sum(paid_fen), 0)::bigint AS revenue_fen FROM (SELECT count(*) AS codes,"
        " min(paid_fen) AS paid_fen FROM redemption WHERE campaign_id = $1 GROUP BY order_no) o",
        campaign_id,
    )
    return Funnel(**row, **used)


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


async def sides(tx: Tx, campaign_id: UUID) -> dict[str, Side]:
    """Members by the side that chance gave them, each by the first contact that is measured.

    Who passed the draw and was then kept back by a cap or the budget stays on the treated side:
    the other side has members of that kind, too.
    """
    rows = await tx.fetch(
        "SELECT side, count(*) AS members, count(*) FILTER (WHERE orders > 0) AS returned,"
        " sum(revenue_fen) AS revenue, sum(revenue_fen::numeric ^ 2) AS squares"
        " FROM (SELECT DISTINCT ON (member_id) orders, revenue_fen,"
        " CASE outcome WHEN 'control' THEN 'control' ELSE 'treated' END AS side"
        " FROM contact_decision WHERE campaign_id = $1 AND measured_at IS NOT NULL"
        " AND (outcome <> 'skipped' OR checks @> $2::jsonb)"
        " ORDER BY member_id, decided_at, seq) AS first GROUP BY side",
        campaign_id,
        [{"check": "control_group", "passed": True}],
    )
    return {
        row["side"]: Side(row["members"], row["returned"], int(row["revenue"]), int(row["squares"]))
        for row in rows
    }
