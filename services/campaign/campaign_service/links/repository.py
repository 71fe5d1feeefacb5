"""What was done with messages, in and out of the database."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from campaign_service.links.domain import Response, Tracked
from chassis.database import Tx

TABLES = ("message_response",)  # that follow their member

_COLUMNS = "delivery_id, campaign_id, member_id, channel, target, opened_at, clicked_at, clicks"


async def add(
    tx: Tx, links: Sequence[tuple[Tracked, bytes, str]], made_at: datetime
) -> None:  # fmt: skip
    """Links as (message, hash of the token, where it leads); one that is there stays."""
    await tx.execute(
        "INSERT INTO message_response (delivery_id, campaign_id, member_id, original_member_id,"
        " channel, token_hash, target, made_at)"
        " SELECT n.id, n.campaign, n.member, n.member, n.channel, n.hash, n.target, $7"
        " FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::bytea[], $6::text[])"
        " AS n (id, campaign, member, channel, hash, target) ON CONFLICT (delivery_id) DO UPDATE"
        " SET token_hash = excluded.token_hash, target = excluded.target,"
        " channel = excluded.channel WHERE message_response.token_hash IS NULL",
        [each.delivery_id for each, _, _ in links],
        [each.campaign_id for each, _, _ in links],
        [each.member_id for each, _, _ in links],
        [each.channel for each, _, _ in links],
        [token_hash for _, token_hash, _ in links],
        [target for _, _, target in links],
        made_at,
    )


async def target(tx: Tx, token_hash: bytes, since: datetime) -> str | None:
    """Where a link leads that was made after `since`."""
    found: str | None = await tx.fetchval(
        "SELECT target FROM message_response WHERE token_hash = $1 AND made_at > $2",
        token_hash,
        since,
    )
    return found


async def click(
    tx: Tx, token_hash: bytes, since: datetime, now: datetime
) -> tuple[Response, Response] | None:
    """Count one more; answers what was before and what is now."""
    old = await tx.fetchrow(
        f"SELECT {_COLUMNS} FROM message_response WHERE token_hash = $1 AND made_at > $2"
        " FOR UPDATE",
        token_hash,
        since,
    )
    if old is None:
        return None
    new = await tx.fetchrow(
        "UPDATE message_response SET clicks = clicks + 1, clicked_at = coalesce(clicked_at, $2),"
        f" opened_at = coalesce(opened_at, $2) WHERE delivery_id = $1 RETURNING {_COLUMNS}",
        old["delivery_id"],
        now,
    )
    return Response(**old), Response(**new)


async def open_(
    tx: Tx, member_id: UUID, delivery_id: UUID, now: datetime
) -> tuple[Response, bool] | None:
    """A member's message was opened; answers what is known of it, and whether that is news."""
    sent = await tx.fetchrow(
        "SELECT delivery_id FROM delivery WHERE delivery_id = $1 AND member_id = $2"
        " AND status IN ('requested', 'sent', 'delivered', 'unknown') FOR SHARE",
        delivery_id,
        member_id,
    )
    if sent is None:
        return None
    await tx.execute(
        "INSERT INTO message_response (delivery_id, campaign_id, member_id, original_member_id,"
        " channel, made_at) SELECT delivery_id, campaign_id, member_id, original_member_id,"
        " channel, $2 FROM delivery WHERE delivery_id = $1 ON CONFLICT DO NOTHING",
        delivery_id,
        now,
    )
    new = await tx.fetchrow(
        "UPDATE message_response SET opened_at = $2 WHERE delivery_id = $1 AND opened_at IS NULL"
        f" RETURNING {_COLUMNS}",
        delivery_id,
        now,
    )
    known: Any = new or await tx.fetchrow(
        f"SELECT {_COLUMNS} FROM message_response WHERE delivery_id = $1", delivery_id
    )
    return Response(**known), new is not None
