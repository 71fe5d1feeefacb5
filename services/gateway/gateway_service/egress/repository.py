"""Consents, merged ids, and the sandbox's outbox."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from chassis.database import Tx
from contracts.gateway.consents import Consent, ConsentChange


@dataclass(frozen=True, slots=True)
class Sandboxed:
    """A message that the sandbox holds; address and text sealed."""

    id: int
    delivery_id: UUID
    member_id: UUID
    channel: str
    recipient: str
    text: str
    sent_at: datetime


async def survivor(tx: Tx, member_id: UUID) -> UUID:
    """Who answers for an id."""
    found: UUID | None = await tx.fetchval(
        "SELECT survivor_id FROM merged_member WHERE absorbed_id = $1", member_id
    )
    return found or member_id


async def consents(tx: Tx, member_id: UUID) -> list[Consent]:
    """Every answer a member has given."""
    rows = await tx.fetch(
        "SELECT purpose, channel, granted, notice_version, changed_at FROM consent"
        " WHERE member_id = $1 ORDER BY purpose, channel",
        member_id,
    )
    return [Consent(**row) for row in rows]


async def put_consents(tx: Tx, member_id: UUID, changes: Sequence[ConsentChange]) -> None:
    """Write answers."""
    await tx.executemany(
        "INSERT INTO consent (member_id, purpose, channel, granted, notice_version, changed_at)"
        " VALUES ($1, $2, $3, $4, $5, $6)"
        " ON CONFLICT (member_id, purpose, channel) DO UPDATE SET granted = excluded.granted,"
        " notice_version = excluded.notice_version, changed_at = excluded.changed_at",
        [(member_id, c.purpose, c.channel, c.granted, c.notice_version, tx.now) for c in changes],
    )


async def answers(
    tx: Tx, wanted: Iterable[tuple[UUID, str, str]]
) -> dict[tuple[UUID, str, str], bool]:
    """Answers to (member, purpose, channel), asked under any of the member's ids; locked, so that
    a withdrawal is either seen here or comes after the message."""
    columns = [list(column) for column in zip(*wanted, strict=True)] or [[], [], []]
    rows = await tx.fetch(
        "SELECT w.member_id AS asked, c.purpose, c.channel, c.granted"
        " FROM unnest($1::uuid[], $2::text[], $3::text[]) AS w (member_id, purpose, channel)"
        " LEFT JOIN merged_member m ON m.absorbed_id = w.member_id"
        " JOIN consent c ON c.member_id = coalesce(m.survivor_id, w.member_id)"
        " AND c.purpose = w.purpose AND c.channel = w.channel FOR SHARE OF c",
        *columns,
    )
    return {(row["asked"], row["purpose"], row["channel"]): row["granted"] for row in rows}


async def merge(tx: Tx, survivor_id: UUID, absorbed_id: UUID) -> None:
    """Consents follow; where both have answered, a no is a no."""
    await tx.execute(
        "INSERT INTO consent SELECT $1, purpose, channel, granted, notice_version, changed_at"
        " FROM consent WHERE member_id = $2"
        " ON CONFLICT (member_id, purpose, channel) DO UPDATE"
        " SET granted = consent.granted AND excluded.granted,"
        " changed_at = greatest(consent.changed_at, excluded.changed_at)",
        survivor_id, absorbed_id,
    )  # fmt: skip
    await tx.execute(
        "UPDATE merged_member SET survivor_id = $1 WHERE survivor_id = $2", survivor_id, absorbed_id
    )
    await tx.execute(
        "INSERT INTO merged_member (absorbed_id, survivor_id) VALUES ($2, $1)"
        " ON CONFLICT (absorbed_id) DO UPDATE SET survivor_id = excluded.survivor_id",
        survivor_id, absorbed_id,
    )  # fmt: skip


async def add_sandboxed(tx: Tx, rows: Sequence[tuple[UUID, UUID, str, str, str]]) -> None:
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
