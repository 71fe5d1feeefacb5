"""The sandbox's outbox, and the list of addresses that nothing is sent to."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
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


class Ground(NamedTuple):
    """Why nothing is sent: an address as `<kind>:<blind index>`, the scope, the reason."""

    address: str
    scope: str
    reason: str


@dataclass(frozen=True, slots=True)
class Suppressed:
    """An entry of the list."""

    suppression_id: UUID
    address: str
    scope: str
    reason: str
    since: datetime
    by_role: str
    by_subject: str


_COLUMNS = "suppression_id, address, scope, reason, since, by_role, by_subject"


async def suppress(
    tx: Tx, suppression_id: UUID, ground: Ground, by_role: str, by_subject: str
) -> Suppressed:
    """Put on the list, unless it is there; answers what stands there."""
    await tx.execute(
        f"INSERT INTO suppression ({_COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7)"
        " ON CONFLICT (address, scope, reason) DO NOTHING",
        suppression_id, *ground, tx.now, by_role, by_subject,
    )  # fmt: skip
    row = await tx.fetchrow(
        f"SELECT {_COLUMNS} FROM suppression WHERE (address, scope, reason) = ($1, $2, $3)", *ground
    )
    return Suppressed(**row)


async def lift(tx: Tx, ground: Ground) -> bool:
    """Take off the list; answers whether it was there."""
    tag = await tx.execute(
        "DELETE FROM suppression WHERE (address, scope, reason) = ($1, $2, $3)", *ground
    )
    return tag != "DELETE 0"


async def suppressions(
    tx: Tx, limit: int, before: datetime | None, last: UUID | None
) -> list[Suppressed]:
    """Newest first, after the one of this moment and id."""
    rows = await tx.fetch(
        f"SELECT {_COLUMNS} FROM suppression"
        " WHERE $1::timestamptz IS NULL OR (since, suppression_id) < ($1, $2::uuid)"
        " ORDER BY since DESC, suppression_id DESC LIMIT $3",
        before, last, limit,
    )  # fmt: skip
    return [Suppressed(**row) for row in rows]


async def suppressed(tx: Tx, addresses: Iterable[str]) -> set[tuple[str, str]]:
    """Those of the addresses that are on the list, each with its scope."""
    rows = await tx.fetch(
        "SELECT DISTINCT address, scope FROM suppression WHERE address = ANY($1::text[])",
        list(addresses),
    )
    return {(row["address"], row["scope"]) for row in rows}
