"""Messages on their way, receipts that came before their message was known, providers' standing.

Pauses, leases and rates are in the database's own time, for they are about the world outside.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from chassis.database import Tx
from gateway_service.dispatch.domain import Outcome, Receipt, State


@dataclass(frozen=True, slots=True)
class New:
    """A message that is to go; recipient and content sealed."""

    delivery_id: UUID
    member_id: UUID | None
    channel: str
    provider: str
    purpose: str
    recipient: str | None
    content: str
    until: datetime | None
    sent: bool = False  # by lying ready to be fetched


@dataclass(frozen=True, slots=True)
class Claimed:
    """A message that is this process's until its lease ends. `was` is its state before."""

    delivery_id: UUID
    member_id: UUID | None
    channel: str
    purpose: str
    recipient: str | None
    content: str
    attempts: int
    key: str | None
    first_at: datetime | None
    tried_at: datetime | None
    until: datetime | None
    since: datetime
    was: State


@dataclass(frozen=True, slots=True)
class Try:
    """The nth call for a message. `first_at`: when its key was used first."""

    delivery_id: UUID
    key: str
    attempt: int
    first_at: datetime


@dataclass(frozen=True, slots=True)
class Tried:
    """The nth call for a message is over; why it ends, or does not."""

    delivery_id: UUID
    attempt: int
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Stuck:
    """A message that an operator should see."""

    delivery_id: UUID
    channel: str
    provider: str
    purpose: str
    state: str
    reason: str | None
    attempts: int
    created_at: datetime
    ended_at: datetime | None


async def put(tx: Tx, messages: Sequence[New]) -> None:
    """Into the queue; a delivery is there once."""
    await tx.execute(
        "INSERT INTO outgoing_message (delivery_id, member_id, channel, provider, purpose,"
        " recipient, content, until, state, attempts, next_at, since, created_at)"
        " SELECT m.id, m.member, m.channel, m.provider, m.purpose, m.recipient, m.content, m.until,"
        " CASE WHEN m.sent THEN 'sent' ELSE 'waiting' END, 0, clock_timestamp(),"
        " clock_timestamp(), $9 FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[],"
        " $5::text[], $6::text[], $7::text[], $8::timestamptz[], $10::boolean[])"
        " AS m (id, member, channel, provider, purpose, recipient, content, until, sent)"
        " ON CONFLICT (delivery_id) DO NOTHING",
        [m.delivery_id for m in messages], [m.member_id for m in messages],
        [m.channel for m in messages], [m.provider for m in messages],
        [m.purpose for m in messages], [m.recipient for m in messages],
        [m.content for m in messages], [m.until for m in messages], tx.now,
        [m.sent for m in messages],
    )  # fmt: skip


async def waits(tx: Tx, provider: str) -> bool:
    """Whether anything is due."""
    found: bool = await tx.fetchval(
        "SELECT EXISTS (SELECT FROM outgoing_message WHERE provider = $1 AND next_at <= $2"
        " AND state IN ('waiting', 'sending', 'asking'))",
        provider, await moment(tx),
    )  # fmt: skip
    return found


async def moment(tx: Tx) -> datetime:
    """The time of the world outside."""
    now: datetime = await tx.fetchval("SELECT clock_timestamp()")
    return now


async def take(tx: Tx, provider: str, number: int, lease: timedelta) -> list[Claimed]:
    """Up to so many that are due, the longest due first; nobody else's until the lease ends."""
    rows = await tx.fetch(
        "UPDATE outgoing_message m SET next_at = clock_timestamp() + $3::interval"
        " FROM (SELECT delivery_id, state FROM outgoing_message WHERE provider = $1"
        " AND state IN ('waiting', 'sending', 'asking') AND next_at <= clock_timestamp()"
        " ORDER BY next_at LIMIT $2 FOR UPDATE SKIP LOCKED) due"
        " WHERE m.delivery_id = due.delivery_id"
        " RETURNING m.delivery_id, m.member_id, m.channel, m.purpose, m.recipient, m.content,"
        " m.attempts, m.key, m.first_at, m.tried_at, m.until, m.since, due.state AS was",
        provider, number, lease,
    )  # fmt: skip
    return [Claimed(**{**row, "was": State(row["was"])}) for row in rows]


async def begin(tx: Tx, tries: Sequence[Try], now: datetime) -> None:
    """These are tried now. Written before the call: what is not written here was not sent."""
    await tx.execute(
        "UPDATE outgoing_message m SET state = 'sending', attempts = n.attempt, key = n.key,"
        " first_at = n.first_at, tried_at = $5"
        " FROM unnest($1::uuid[], $2::text[], $3::integer[], $4::timestamptz[])"
        " AS n (id, key, attempt, first_at) WHERE m.delivery_id = n.id",
        [each.delivery_id for each in tries], [each.key for each in tries],
        [each.attempt for each in tries], [each.first_at for each in tries], now,
    )  # fmt: skip


async def ask(tx: Tx, deliveries: Sequence[UUID]) -> None:
    """Of these the provider is asked."""
    await tx.execute(
        "UPDATE outgoing_message SET state = 'asking' WHERE delivery_id = ANY($1::uuid[])",
        list(deliveries),
    )


async def accept(tx: Tx, provider: str, delivery_id: UUID, outcome: Outcome) -> bool:
    """The provider has it, whatever was thought meanwhile; whether that is news."""
    tag = await tx.execute(
        "UPDATE outgoing_message SET state = 'sent', ref = $3, reason = NULL, next_at = NULL,"
        " sent_at = $4, ended_at = NULL WHERE delivery_id = $2 AND provider = $1"
        " AND state IN ('waiting', 'sending', 'asking', 'unknown', 'dead')",
        provider, delivery_id, outcome.ref, tx.now,
    )  # fmt: skip
    return tag != "UPDATE 0"


async def end(tx: Tx, tried: Tried, state: State) -> bool:
    """It goes no further, unless it was taken up again meanwhile; whether that is news."""
    tag = await tx.execute(
        "UPDATE outgoing_message SET state = $3, reason = $4, next_at = NULL, ended_at = $5"
        " WHERE delivery_id = $1 AND attempts = $2 AND state IN ('waiting', 'sending', 'asking')",
        tried.delivery_id, tried.attempt, state, tried.reason, tx.now,
    )  # fmt: skip
    return tag != "UPDATE 0"


async def again(tx: Tx, tried: Tried, state: State, after: timedelta) -> None:
    """It is due again after a while, as `waiting` or `asking`."""
    await tx.execute(
        "UPDATE outgoing_message SET state = $3, reason = $4,"
        " next_at = clock_timestamp() + $5::interval"
        " WHERE delivery_id = $1 AND attempts = $2 AND state IN ('waiting', 'sending', 'asking')",
        tried.delivery_id, tried.attempt, state, tried.reason, after,
    )  # fmt: skip


async def report(
    tx: Tx, provider: str, receipts: Sequence[Receipt]
) -> list[tuple[UUID, str, str | None, datetime | None]]:
    """Write receipts down; answers (delivery, status, reason, at) of those that are news.

    One that comes again, or says that a message failed which is known to have arrived, is none. A
    receipt by our own id proves that the provider took the message. One by a name of the
    provider's that is not known yet is kept until it is.
    """
    rows = await tx.fetch(
        "UPDATE outgoing_message m SET state = n.status, reason = n.reason, next_at = NULL,"
        " sent_at = coalesce(m.sent_at, $7), ended_at = $7, ref = coalesce(m.ref, n.ref)"
        " FROM (SELECT DISTINCT ON (found.delivery_id) found.delivery_id, r.* FROM unnest("
        "$2::uuid[], $3::text[], $4::text[], $5::text[], $6::timestamptz[])"
        " AS r (id, ref, status, reason, at) JOIN outgoing_message found"
        " ON found.provider = $1 AND (found.delivery_id = r.id"
        " OR (r.id IS NULL AND found.ref = r.ref))"
        " ORDER BY found.delivery_id, r.status) n"
        " WHERE m.delivery_id = n.delivery_id AND (m.state <> ALL ('{delivered,failed,refused}')"
        " OR (m.state = 'failed' AND n.status = 'delivered'))"
        " RETURNING m.delivery_id, n.status, n.reason, n.at",
        provider, [r.delivery_id for r in receipts], [r.ref for r in receipts],
        ["delivered" if r.delivered else "failed" for r in receipts],
        [r.reason for r in receipts], [r.at for r in receipts], tx.now,
    )  # fmt: skip
    return [tuple(row) for row in rows]


async def keep_early(tx: Tx, provider: str, receipts: Sequence[Receipt]) -> None:
    """Those by a name that no message has yet: the answer that tells it is still on its way."""
    await tx.execute(
        "INSERT INTO early_receipt (provider, ref, status, reason, at, received_at)"
        " SELECT $1, r.ref, r.status, r.reason, r.at, $6 FROM unnest($2::text[], $3::text[],"
        " $4::text[], $5::timestamptz[]) AS r (ref, status, reason, at)"
        " WHERE NOT EXISTS (SELECT FROM outgoing_message m WHERE m.provider = $1"
        " AND m.ref = r.ref) ON CONFLICT DO NOTHING",
        provider, [r.ref for r in receipts],
        ["delivered" if r.delivered else "failed" for r in receipts],
        [r.reason for r in receipts], [r.at for r in receipts], tx.now,
    )  # fmt: skip


async def early(tx: Tx, provider: str, ref: str) -> list[Receipt]:
    """What came for a name before it was known; taken out."""
    rows = await tx.fetch(
        "DELETE FROM early_receipt WHERE provider = $1 AND ref = $2 RETURNING status, reason, at",
        provider, ref,
    )  # fmt: skip
    return [
        Receipt(row["status"] == "delivered", None, ref, row["reason"], row["at"]) for row in rows
    ]


async def lock_ref(tx: Tx, provider: str, ref: str) -> None:
    """A receipt and the answer that tells its name are written one after the other."""
    await tx.execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 78))", f"{provider} {ref}")


async def stuck(tx: Tx, before: tuple[datetime | None, UUID | None], limit: int) -> list[Stuck]:
    """Dead and unknown ones, newest first."""
    rows = await tx.fetch(
        "SELECT delivery_id, channel, provider, purpose, state, reason, attempts, created_at,"
        " ended_at FROM outgoing_message WHERE state IN ('dead', 'unknown')"
        " AND ($1::timestamptz IS NULL OR (created_at, delivery_id) < ($1, $2::uuid))"
        " ORDER BY created_at DESC, delivery_id DESC LIMIT $3",
        *before, limit,
    )  # fmt: skip
    return [Stuck(*row) for row in rows]


async def find_dead(tx: Tx, delivery_id: UUID) -> Any:
    """(state, until) of a message, locked; None if there is none."""
    return await tx.fetchrow(
        "SELECT state, until FROM outgoing_message WHERE delivery_id = $1 FOR UPDATE", delivery_id
    )


async def revive(tx: Tx, delivery_id: UUID) -> None:
    """Try a dead one as if it were new."""
    await tx.execute(
        "UPDATE outgoing_message SET state = 'waiting', key = NULL, reason = NULL,"
        " next_at = clock_timestamp(), since = clock_timestamp(), ended_at = NULL"
        " WHERE delivery_id = $1",
        delivery_id,
    )


async def figures(tx: Tx) -> list[Any]:
    """By provider: messages in each state that is not the end."""
    return await tx.fetch(
        "SELECT provider, count(*) FILTER (WHERE state IN ('waiting', 'sending', 'asking'))"
        " AS waiting, count(*) FILTER (WHERE state = 'dead') AS dead,"
        " count(*) FILTER (WHERE state = 'unknown') AS unknown"
        " FROM outgoing_message WHERE state IN ('waiting', 'sending', 'asking', 'dead', 'unknown')"
        " GROUP BY provider"
    )


async def sweep(tx: Tx, before: datetime) -> None:
    """Forget receipts that no message claimed."""
    await tx.execute("DELETE FROM early_receipt WHERE received_at < $1", before)
