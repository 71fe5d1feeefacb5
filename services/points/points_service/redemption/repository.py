"""Redemptions."""

from collections.abc import Sequence
from uuid import UUID

from chassis.database import Tx
from contracts.points.spending import RedemptionRequest
from points_service.lots import repository as lots
from points_service.lots.domain import Use


async def add(tx: Tx, member_id: UUID, journal_id: UUID, request: RedemptionRequest) -> None:
    """Keep what points were spent on."""
    await tx.execute(
        "INSERT INTO redemption (journal_id, member_id, points, store, order_no, reason, burnt_at)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7)",
        journal_id, member_id, request.points, request.store, request.order_no, request.reason,
        tx.now,
    )  # fmt: skip


async def spent_with(tx: Tx, order_no: str, members: Sequence[UUID]) -> list[Use]:
    """What these members spent together with an order, by lot."""
    rows = await tx.fetch(
        "SELECT journal_id FROM redemption WHERE order_no = $1 AND member_id = ANY ($2::uuid[])",
        order_no, list(members),
    )  # fmt: skip
    return await lots.uses_of(tx, [row["journal_id"] for row in rows]) if rows else []
