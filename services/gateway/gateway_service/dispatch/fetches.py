"""Messages that tills and the service desk fetch."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from chassis.database import Tx


@dataclass(frozen=True, slots=True)
class Fetched:
    """A message that somebody fetches; content sealed."""

    delivery_id: UUID
    member_id: UUID
    channel: str
    purpose: str
    content: str
    created_at: datetime
    until: datetime | None
    taken_by: str | None


_FETCHED = (
    "SELECT delivery_id, member_id, channel, purpose, content, created_at, until,"
    " CASE WHEN next_at > clock_timestamp() THEN taken_by END AS taken_by FROM outgoing_message"
    " WHERE provider = $1 AND state = 'sent' AND (until IS NULL OR until > $2)"
)


async def prompts(tx: Tx, provider: str, member_id: UUID, limit: int) -> list[Fetched]:
    """Those for a member, the newest first."""
    rows = await tx.fetch(
        f"{_FETCHED} AND member_id = $3 ORDER BY created_at DESC, delivery_id LIMIT $4",
        provider, tx.now, member_id, limit,
    )  # fmt: skip
    return [Fetched(*row) for row in rows]


async def tasks(tx: Tx, provider: str, subject: str, limit: int) -> list[Fetched]:
    """Those that nobody else has taken, the oldest first."""
    rows = await tx.fetch(
        f"{_FETCHED} AND (taken_by IS NULL OR taken_by = $3 OR next_at <= clock_timestamp())"
        " ORDER BY created_at, delivery_id LIMIT $4",
        provider, tx.now, subject, limit,
    )  # fmt: skip
    return [Fetched(*row) for row in rows]


async def fetched(tx: Tx, provider: str, delivery_id: UUID) -> Fetched | None:
    """One that was not answered yet, locked."""
    row = await tx.fetchrow(
        f"{_FETCHED} AND delivery_id = $3 FOR UPDATE", provider, tx.now, delivery_id
    )
    return Fetched(*row) if row else None


async def take_task(tx: Tx, delivery_id: UUID, subject: str, lease: timedelta) -> None:
    """It is somebody's for a while."""
    await tx.execute(
        "UPDATE outgoing_message SET taken_by = $2, next_at = clock_timestamp() + $3::interval"
        " WHERE delivery_id = $1",
        delivery_id, subject, lease,
    )  # fmt: skip
