"""What could not be taken, kept sealed until it is replayed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from chassis.database import Tx
from contracts.gateway.quarantine import QuarantineItem


class Stage(StrEnum):
    """How far a message came."""

    MESSAGE = "message"  # refused at the door
    ORDER = "order"  # collected, but its order was refused
    ROW = "row"  # of a file, refused on its way in


@dataclass(frozen=True, slots=True)
class Refused:
    """A message put aside. `payload` is sealed."""

    id: UUID
    stage: Stage
    source: str
    reason: str
    pointer: str
    payload: str


@dataclass(frozen=True, slots=True)
class Kept:
    """A message that was put aside before."""

    id: UUID
    stage: Stage
    source: str
    payload: str
    received_at: datetime
    replayed_at: datetime | None
    reason: str
    pointer: str


async def put_aside(tx: Tx, messages: Sequence[Refused]) -> set[UUID]:
    """Keep them; a retry of the same request keeps them once. Answers the ids of those new."""
    rows = await tx.fetch(
        "INSERT INTO quarantine (id, received_at, stage, source, reason, pointer, payload)"
        " SELECT id, $2, stage, source, reason, pointer, payload FROM unnest($1::uuid[],"
        " $3::text[], $4::text[], $5::text[], $6::text[], $7::text[])"
        " AS m (id, stage, source, reason, pointer, payload)"
        " ON CONFLICT DO NOTHING RETURNING id",
        [m.id for m in messages], tx.now, [m.stage for m in messages],
        [m.source for m in messages], [m.reason for m in messages],
        [m.pointer for m in messages], [m.payload for m in messages],
    )  # fmt: skip
    return {row["id"] for row in rows}


async def page(
    tx: Tx, limit: int, before: datetime | None, last: UUID | None
) -> list[QuarantineItem]:
    """Newest first, after the row of this moment and id."""
    rows = await tx.fetch(
        "SELECT id, received_at, source, reason, pointer, payload, replayed_at FROM quarantine"
        " WHERE $1::timestamptz IS NULL OR (received_at, id) < ($1, $2::uuid)"
        " ORDER BY received_at DESC, id DESC LIMIT $3",
        before, last, limit,
    )  # fmt: skip
    return [QuarantineItem(**row) for row in rows]


async def take_out(tx: Tx, message_id: UUID) -> Kept | None:
    """One of them, locked."""
    row = await tx.fetchrow(
        "SELECT id, stage, source, payload, received_at, replayed_at, reason, pointer"
        " FROM quarantine"
        " WHERE id = $1 FOR UPDATE",
        message_id,
    )
    if row is None:
        return None
    return Kept(
        row["id"], Stage(row["stage"]), row["source"], row["payload"],
        row["received_at"], row["replayed_at"], row["reason"], row["pointer"],
    )  # fmt: skip


async def replayed(tx: Tx, message_id: UUID) -> None:
    """It has been taken now."""
    await tx.execute("UPDATE quarantine SET replayed_at = $2 WHERE id = $1", message_id, tx.now)
