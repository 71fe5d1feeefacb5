"""Budgets by reservation."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from chassis.database import Tx, columns_of
from points_service.budgets.domain import Budget, State
from points_service.tables import CampaignBudget

_COLUMNS = columns_of(CampaignBudget)


async def lock_all(tx: Tx) -> None:
    """One sum over all budgets at a time."""
    await tx.execute("SELECT pg_advisory_xact_lock(hashtext('campaign_budget'))")


async def lock(tx: Tx, reservation_ids: Collection[UUID]) -> dict[UUID, Budget]:
    """Those that are there, locked."""
    rows = await tx.fetch(
        f"SELECT {', '.join(_COLUMNS)} FROM campaign_budget"
        " WHERE reservation_id = ANY ($1::uuid[]) ORDER BY reservation_id FOR UPDATE",
        list(reservation_ids),
    )
    return {row["reservation_id"]: _budget(row) for row in rows}


async def outstanding_fen(tx: Tx) -> int:
    """What is set aside in all."""
    found: int = await tx.fetchval(
        "SELECT coalesce(sum(contacts * each_fen), 0)::bigint FROM campaign_budget"
        " WHERE state = 'reserved'"
    )
    return found


async def add(tx: Tx, budgets: Sequence[Budget]) -> None:
    """Keep new ones."""
    await tx.copy("campaign_budget", _COLUMNS, [_row(each) for each in budgets])


async def change(tx: Tx, budget: Budget) -> None:
    """Where it is now, how many offers it may pay for, and how many were points."""
    await tx.execute(
        "UPDATE campaign_budget SET state = $2, contacts = $3, granted = $4"
        " WHERE reservation_id = $1",
        budget.reservation_id, budget.state.value, budget.contacts, budget.granted,
    )  # fmt: skip


async def granted(tx: Tx, refs: Collection[str]) -> set[str]:
    """Those of these grants that are in the books."""
    rows = await tx.fetch(
        "SELECT ref FROM journal WHERE kind = 'earn' AND ref = ANY ($1::text[])", list(refs)
    )
    return {row["ref"] for row in rows}


async def over(tx: Tx, now: datetime) -> list[UUID]:
    """Released ones none of whose coupons can be used any more."""
    rows = await tx.fetch(
        "SELECT reservation_id FROM campaign_budget b WHERE state = 'released' AND NOT EXISTS"
        " (SELECT FROM coupon c WHERE c.template_id = b.reservation_id AND c.closed_at IS NULL"
        " AND c.valid_until > $1) ORDER BY reservation_id",
        now,
    )
    return [row["reservation_id"] for row in rows]


async def unbind(tx: Tx, template_id: UUID) -> None:
    """Used coupons need no more than they took."""
    await tx.execute(
        "WITH freed AS (UPDATE coupon c SET reserved_fen = c.off_fen FROM coupon old"
        " WHERE old.code = c.code AND c.template_id = $1 AND c.order_no IS NOT NULL"
        " AND c.reserved_fen > c.off_fen RETURNING old.reserved_fen - c.off_fen AS fen)"
        " UPDATE coupon_template SET committed_fen = committed_fen"
        " - coalesce((SELECT sum(fen) FROM freed), 0)::bigint WHERE template_id = $1",
        template_id,
    )


def _budget(row: Any) -> Budget:
    return Budget(**{**row, "state": State(row["state"])})


def _row(budget: Budget) -> tuple[object, ...]:
    return tuple(getattr(budget, name) for name in _COLUMNS)
