"""Transfers as history: rows keep the ids of then, so ask with all ids of a member."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from chassis.database import Tx
from points_service.transfers.domain import Transfer


async def add(tx: Tx, transfer: Transfer) -> None:
    """Keep a transfer."""
    await tx.execute(
        "INSERT INTO transfer (transfer_id, giver_id, receiver_id, points, transferred_at)"
        " VALUES ($1, $2, $3, $4, $5)",
        transfer.journal.journal_id, transfer.giver.member_id, transfer.receiver.member_id,
        transfer.points, transfer.journal.occurred_at,
    )  # fmt: skip


async def moved(
    tx: Tx, givers: Sequence[UUID], receivers: Sequence[UUID], since: datetime, until: datetime
) -> tuple[int, int]:
    """Points these gave and those received in [since, until)."""
    row = await tx.fetchrow(
        "SELECT (SELECT coalesce(sum(points), 0)::bigint FROM transfer"
        " WHERE giver_id = ANY ($1::uuid[]) AND transferred_at >= $3 AND transferred_at < $4)"
        " AS given, (SELECT coalesce(sum(points), 0)::bigint FROM transfer"
        " WHERE receiver_id = ANY ($2::uuid[]) AND transferred_at >= $3 AND transferred_at < $4)"
        " AS received",
        list(givers), list(receivers), since, until,
    )  # fmt: skip
    return row["given"], row["received"]
