"""Webhooks and their messages."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from chassis.database import Tx
from contracts.roles import Role
from gateway_service.webhooks.domain import Due, Endpoint, Tried

_ENDPOINT = (
    "w.webhook_id, w.holder_id, w.role, w.store, w.url, w.events, w.secret, w.before,"
    " w.before_until, w.created_at, w.failing_since, w.disabled_at"
)
# A partner's client that was put out hears nothing more.
_STILL_THERE = (
    "(w.role <> 'partner' OR EXISTS (SELECT FROM client c WHERE c.client_id = w.holder_id))"
)


@dataclass(frozen=True, slots=True)
class Message:
    """A message as it stands."""

    message_id: UUID
    type: str
    state: str
    attempts: int
    created_at: datetime
    next_at: datetime | None
    delivered_at: datetime | None
    status: int | None
    error: str | None


async def add(tx: Tx, new: Endpoint, role: Role) -> None:
    """Register."""
    await tx.execute(
        "INSERT INTO webhook (webhook_id, holder_id, role, store, url, events, secret, created_at)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        new.webhook_id, new.owner, role, new.store, new.url, list(new.events), new.secret,
        new.created_at,
    )  # fmt: skip


async def hold(tx: Tx, owner: str) -> int:
    """How many the holder has; whoever registers beside waits for the commit."""
    await tx.execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 77))", owner)
    found: int = await tx.fetchval("SELECT count(*) FROM webhook WHERE holder_id = $1", owner)
    return found


async def find(
    tx: Tx, webhook_id: UUID, owner: str | None, *, lock: bool = False
) -> Endpoint | None:
    """One of the holder's; of anybody's for None."""
    row = await tx.fetchrow(
        f"SELECT {_ENDPOINT} FROM webhook w WHERE webhook_id = $1"
        f" AND ($2::text IS NULL OR holder_id = $2) {'FOR UPDATE' if lock else ''}",
        webhook_id, owner,
    )  # fmt: skip
    return _endpoint(row) if row else None


async def page(
    tx: Tx, owner: str | None, after: tuple[datetime | None, UUID | None], limit: int
) -> list[Endpoint]:
    """The oldest first."""
    rows = await tx.fetch(
        f"SELECT {_ENDPOINT} FROM webhook w WHERE ($1::text IS NULL OR holder_id = $1)"
        " AND ($2::timestamptz IS NULL OR (created_at, webhook_id) > ($2, $3))"
        " ORDER BY created_at, webhook_id LIMIT $4",
        owner, *after, limit,
    )  # fmt: skip
    return [_endpoint(row) for row in rows]


async def listening(tx: Tx, types: Collection[str]) -> list[Endpoint]:
    """Those that hear of one of these, disabled ones included: what happens waits for them."""
    rows = await tx.fetch(
        f"SELECT {_ENDPOINT} FROM webhook w WHERE events && $1::text[] AND {_STILL_THERE}",
        list(types),
    )
    return [_endpoint(row) for row in rows]


async def drop(tx: Tx, webhook_id: UUID) -> None:
    """Forget it, and what waits for it."""
    await tx.execute("DELETE FROM webhook WHERE webhook_id = $1", webhook_id)


async def put_secret(tx: Tx, webhook_id: UUID, secret: bytes, until: datetime) -> None:
    """A new secret; the one before is good until then."""
    await tx.execute(
        "UPDATE webhook SET before = secret, before_until = $3, secret = $2"
        " WHERE webhook_id = $1",
        webhook_id, secret, until,
    )  # fmt: skip


async def enable(tx: Tx, webhook_id: UUID) -> None:
    """Begin anew, with what was given up as well."""
    await tx.execute(
        "UPDATE webhook SET disabled_at = NULL, failing_since = NULL WHERE webhook_id = $1",
        webhook_id,
    )
    await tx.execute(
        "UPDATE webhook_message SET state = 'waiting', next_at = $2, attempts = 0"
        " WHERE webhook_id = $1 AND state <> 'delivered'",
        webhook_id, tx.now,
    )  # fmt: skip


async def put(tx: Tx, rows: Sequence[tuple[UUID, UUID, str, bytes]]) -> None:
    """Messages (id, webhook, type, body) that are to be sent at once; one that is there stays."""
    await tx.execute(
        "INSERT INTO webhook_message (message_id, webhook_id, type, body, created_at, state,"
        " attempts, next_at) SELECT m.*, $5, 'waiting', 0, $5"
        " FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::bytea[]) AS m"
        " ON CONFLICT (message_id) DO NOTHING",
        *([row[n] for row in rows] for n in range(4)), tx.now,
    )  # fmt: skip


async def messages(
    tx: Tx, webhook_id: UUID, before: tuple[datetime | None, UUID | None], limit: int
) -> list[Message]:
    """Newest first."""
    rows = await tx.fetch(
        "SELECT message_id, type, state, attempts, created_at, next_at, delivered_at, status,"
        " error FROM webhook_message WHERE webhook_id = $1"
        " AND ($2::timestamptz IS NULL OR (created_at, message_id) < ($2, $3))"
        " ORDER BY created_at DESC, message_id DESC LIMIT $4",
        webhook_id, *before, limit,
    )  # fmt: skip
    return [Message(*row) for row in rows]


async def take(
    tx: Tx, busy: Collection[UUID], webhooks: int, each: int, lease: timedelta
) -> dict[UUID, list[Due]]:
    """Up to `each` messages of so many webhooks that have any due. Until the lease ends they are
    nobody else's; should this process die, they are tried again then."""
    rows = await tx.fetch(
        "UPDATE webhook_message m SET attempts = m.attempts + 1, next_at = $1 + $5::interval,"
        " status = NULL, error = NULL"
        " FROM (SELECT w.webhook_id FROM webhook w"
        f" WHERE w.disabled_at IS NULL AND w.webhook_id <> ALL ($2::uuid[]) AND {_STILL_THERE}"
        " AND EXISTS (SELECT FROM webhook_message d WHERE d.webhook_id = w.webhook_id"
        " AND d.state = 'waiting' AND d.next_at <= $1) LIMIT $3 FOR UPDATE OF w SKIP LOCKED) chosen"
        " CROSS JOIN LATERAL (SELECT d.message_id FROM webhook_message d"
        " WHERE d.webhook_id = chosen.webhook_id AND d.state = 'waiting' AND d.next_at <= $1"
        " ORDER BY d.next_at LIMIT $4 FOR UPDATE SKIP LOCKED) due"
        " WHERE m.message_id = due.message_id"
        " RETURNING m.message_id, m.webhook_id, m.attempts, m.body, m.created_at",
        tx.now, list(busy), webhooks, each, lease,
    )  # fmt: skip
    found: dict[UUID, list[Due]] = {}
    for row in rows:
        found.setdefault(row["webhook_id"], []).append(Due(*row))
    return found


async def settle(
    tx: Tx, message_id: UUID, tried: Tried, state: str, next_at: datetime | None
) -> None:
    """What came of a try."""
    await tx.execute(
        "UPDATE webhook_message SET state = $2, next_at = $3, status = $4, error = $5,"
        " delivered_at = CASE WHEN $2 = 'delivered' THEN $6::timestamptz END"
        " WHERE message_id = $1 AND state = 'waiting'",
        message_id, state, next_at, tried.status, tried.error, tx.now,
    )  # fmt: skip


async def standing(tx: Tx, webhook_id: UUID, *, arrived: bool) -> datetime | None:
    """Note whether it works; answers since when it does not."""
    since: datetime | None = await tx.fetchval(
        "UPDATE webhook SET failing_since = CASE WHEN $2 THEN NULL"
        " ELSE coalesce(failing_since, $3::timestamptz) END WHERE webhook_id = $1"
        " RETURNING failing_since",
        webhook_id, arrived, tx.now,
    )  # fmt: skip
    return since


async def disable(tx: Tx, webhook_id: UUID) -> None:
    """Nothing more is sent until it is enabled."""
    await tx.execute(
        "UPDATE webhook SET disabled_at = coalesce(disabled_at, $2) WHERE webhook_id = $1",
        webhook_id, tx.now,
    )  # fmt: skip


def _endpoint(row: Any) -> Endpoint:
    return Endpoint(
        row["webhook_id"], row["holder_id"], row["role"] == Role.PARTNER, row["store"], row["url"],
        tuple(row["events"]), row["secret"], row["before"], row["before_until"],
        row["created_at"], row["failing_since"], row["disabled_at"],
    )  # fmt: skip
