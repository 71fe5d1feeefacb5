"""Messages, in and out of the database."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

import msgspec

from campaign_service.deliveries.domain import Held, Message, Plan
from chassis.database import Tx
from contracts.campaign.journey_nodes import MessageChange

TABLES = ("delivery",)  # that follow their member


async def hold(
    tx: Tx,
    campaign_id: UUID,
    messages: Sequence[Message],
    *,
    due_at: datetime,
    day: date,
    purpose: str,
    change: MessageChange,
) -> None:
    """New messages, held until they are due on a programme day; what they `change` of the plan."""
    await tx.execute(
        "INSERT INTO delivery (delivery_id, campaign_id, member_id, original_member_id, language,"
        " step, values, channel, cost_fen, stale_at, coupon_code, status, purpose, day, due_at,"
        " change)"
        " SELECT n.id, $1, n.member, n.member, n.language, n.step, n.values::jsonb, n.channel,"
        " n.cost, n.stale_at, n.code, 'held', $2, $3, $4, $14 FROM unnest($5::uuid[], $6::uuid[],"
        " $7::text[], $8::text[], $9::text[], $10::text[], $11::int[], $12::timestamptz[],"
        " $13::text[]) AS n (id, member, language, step, values, channel, cost, stale_at, code)",
        campaign_id,
        purpose,
        day,
        due_at,
        [each.delivery_id for each in messages],
        [each.member_id for each in messages],
        [each.language for each in messages],
        [each.step for each in messages],
        [msgspec.json.encode(each.values).decode() for each in messages],
        [each.channel for each in messages],
        [each.cost_fen for each in messages],
        [each.stale_at for each in messages],
        [each.code for each in messages],
        change.model_dump(mode="json", exclude_defaults=True),
    )


async def give_up_codes(tx: Tx, codes: Sequence[str]) -> None:
    """Coupons that leave with other messages than those they were offered with."""
    await tx.execute(
        "UPDATE delivery SET coupon_code = NULL WHERE coupon_code = ANY($1::text[])", list(codes)
    )


async def take_due(tx: Tx, now: datetime, limit: int) -> list[Held]:
    """Held messages of running campaigns that are due, locked, the longest waiting first.

    Those of a campaign that is being paused or finished at this moment are left to the next call.
    """
    rows = await tx.fetch(
        "SELECT d.delivery_id, d.campaign_id, d.member_id, d.language, d.channel, d.values,"
        " d.purpose, d.stale_at, d.coupon_code AS code, d.change"
        " FROM delivery d JOIN campaign c USING (campaign_id)"
        " WHERE d.status = 'held' AND d.due_at <= $1 AND c.status = 'launched'"
        " ORDER BY d.due_at, d.seq LIMIT $2 FOR UPDATE OF d FOR SHARE OF c SKIP LOCKED",
        now,
        limit,
    )
    return [Held(**{**row, "change": MessageChange(**row["change"])}) for row in rows]


async def taken(tx: Tx, day: date, due: Sequence[Held]) -> dict[UUID, int]:
    """How many other marketing messages of the day members among the due have."""
    rows = await tx.fetch(
        "SELECT member_id, count(*) AS n FROM delivery WHERE member_id = ANY($1::uuid[])"
        " AND day = $2 AND purpose = 'marketing' AND status NOT IN ('withdrawn', 'refused')"
        " AND delivery_id <> ALL($3::uuid[]) GROUP BY member_id",
        [held.member_id for held in due],
        day,
        [held.delivery_id for held in due],
    )
    return {row["member_id"]: row["n"] for row in rows}


async def withdraw(tx: Tx, messages: Sequence[Held], reason: str) -> None:
    """These never leave."""
    await tx.execute(
        "UPDATE delivery SET status = 'withdrawn', reason = $2 WHERE delivery_id = ANY($1::uuid[])",
        [held.delivery_id for held in messages],
        reason,
    )


async def withdraw_held(tx: Tx, campaign_id: UUID, reason: str) -> None:
    """Nothing of a campaign that has not left ever leaves."""
    await tx.execute(
        "UPDATE delivery SET status = 'withdrawn', reason = $2"
        " WHERE campaign_id = $1 AND status = 'held'",
        campaign_id,
        reason,
    )


async def postpone(tx: Tx, plan: Plan) -> None:
    """These wait until the plan's time."""
    await tx.execute(
        "UPDATE delivery SET due_at = $2, day = $3 WHERE delivery_id = ANY($1::uuid[])",
        [held.delivery_id for held in plan.going],
        plan.due_at,
        plan.day,
    )


async def mark_requested(tx: Tx, plan: Plan, codes: Sequence[str | None], now: datetime) -> None:
    """These have gone to the gateway, each with its coupon if there is one."""
    await tx.execute(
        "UPDATE delivery d SET status = 'requested', requested_at = $3, day = $4,"
        " coupon_code = n.code FROM unnest($1::uuid[], $2::text[]) AS n (id, code)"
        " WHERE d.delivery_id = n.id",
        [held.delivery_id for held in plan.going],
        codes,
        now,
        plan.day,
    )


async def offered(tx: Tx, campaign_id: UUID) -> int:
    """How many messages of a campaign left: with each went its offer."""
    count: int = await tx.fetchval(
        "SELECT count(*) FROM delivery WHERE campaign_id = $1 AND requested_at IS NOT NULL",
        campaign_id,
    )
    return count


async def record_answers(
    tx: Tx, answers: Sequence[tuple[UUID, str, str | None, datetime | None]]
) -> None:
    """What the gateway said: (delivery, status, reason, sent at). Only the first answer counts; it
    is news as well if it was thought lost. A report of what became of the message stays."""
    await tx.execute(
        "UPDATE delivery d SET sent_at = coalesce(d.sent_at, n.at), status = CASE WHEN d.status"
        " IN ('requested', 'unknown') THEN n.status ELSE d.status END, reason = CASE WHEN d.status"
        " IN ('requested', 'unknown') THEN n.reason ELSE d.reason END"
        " FROM (SELECT DISTINCT ON (id) * FROM unnest($1::uuid[], $2::text[], $3::text[],"
        " $4::timestamptz[]) WITH ORDINALITY AS n (id, status, reason, at, place)"
        " ORDER BY id, place) AS n WHERE d.delivery_id = n.id AND (d.status = 'requested'"
        " OR (n.status = 'sent' AND d.status IN ('unknown', 'delivered', 'failed')))",
        *([answer[index] for answer in answers] for index in range(4)),
    )


async def record_reports(
    tx: Tx, reports: Sequence[tuple[UUID, str, str | None, datetime | None]]
) -> None:
    """What became of messages: (delivery, status, reason, when), in any sequence and any number of
    times; of two the better informed counts. What arrived was sent."""
    await tx.execute(
        "UPDATE delivery d SET status = n.status, reason = n.reason, reported_at = n.at,"
        " sent_at = CASE WHEN n.status = 'delivered' THEN coalesce(d.sent_at, n.at)"
        " ELSE d.sent_at END"
        " FROM (SELECT DISTINCT ON (id) * FROM unnest($1::uuid[], $2::text[], $3::text[],"
        " $4::timestamptz[]) AS n (id, status, reason, at)"
        " ORDER BY id, array_position($5::text[], status) DESC) AS n WHERE d.delivery_id = n.id"
        " AND d.status IN ('requested', 'unknown', 'sent', 'failed')"
        " AND coalesce(array_position($5::text[], d.status), 0)"
        " < array_position($5::text[], n.status)",
        *([report[index] for report in reports] for index in range(4)),
        ["unknown", "sent", "failed", "delivered"],
    )


async def page(tx: Tx, member_id: UUID, before: int | None, limit: int) -> list[Any]:
    """A member's messages with the campaign's name, newest first."""
    return await tx.fetch(
        "SELECT d.seq, d.delivery_id, d.campaign_id, c.name AS campaign, d.channel, d.status,"
        " d.reason, d.due_at, d.requested_at, d.sent_at, d.reported_at"
        " FROM delivery d JOIN campaign c USING (campaign_id)"
        " WHERE d.member_id = $1 AND ($2::bigint IS NULL OR d.seq < $2)"
        " ORDER BY d.seq DESC LIMIT $3",
        member_id,
        before,
        limit,
    )
