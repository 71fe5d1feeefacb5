"""The sandbox's outbox."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from chassis.database import Tx


@dataclass(frozen=True, slots=True)
class Sandboxed:
    """A message that the sandbox holds; address and text sealed."""

    id: int
    delivery_id: UUID
    member_id: UUID | None
    channel: str
    recipient: str
    text: str
    sent_at: datetime


async def add_sandboxed(tx: Tx, rows: Sequence[tuple[UUID, UUID | None, str, str, str]]) -> None:
    """Messages (delivery, member, channel, recipient, text); a delivery is there once."""
    await tx.executemany(
        "INSERT INTO sandbox_outbox (delivery_id, member_id, channel, recipient, text, sent_at)"
        " VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (delivery_id) DO NOTHING",
        [(*row, tx.now) for row in rows],
    )


async def sandboxed(tx: Tx, since: int, limit: int) -> list[Sandboxed]:
    """Messages after `since`, in the sequence in which they were sent."""
    rows = await tx.fetch(
        "SELECT id, delivery_id, member_id, channel, recipient, text, sent_at"
        " FROM sandbox_outbox WHERE id > $1 ORDER BY id LIMIT $2",
        since, limit,
    )  # fmt: skip
    return [Sandboxed(*row) for row in rows]
