"""Exchanges, and how many points went in a month."""

from datetime import date, datetime
from uuid import UUID

from chassis.database import Tx
from contracts.points.programmes import Direction
from points_service.calendar import day_of, month_of, start_of
from points_service.exchanges.domain import Exchange, Used

_COLUMNS = ", ".join(Exchange.__slots__)


async def add(tx: Tx, exchange: Exchange) -> None:
    """Keep it."""
    await tx.copy(
        "exchange",
        Exchange.__slots__,
        [[getattr(exchange, name) for name in Exchange.__slots__]],
    )


async def by_ref(tx: Tx, partner_id: str, partner_ref: str) -> Exchange | None:
    """By its name at the partner, which nobody else uses until the commit."""
    name = f"exchange\x1f{partner_id}\x1f{partner_ref}"
    await tx.execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", name)
    row = await tx.fetchrow(
        f"SELECT {_COLUMNS} FROM exchange WHERE partner_id = $1 AND partner_ref = $2",
        partner_id, partner_ref,
    )  # fmt: skip
    return Exchange(**row) if row else None


async def lock(tx: Tx, exchange_id: UUID) -> Exchange | None:
    """By its id; its member is locked before."""
    row = await tx.fetchrow(
        f"SELECT {_COLUMNS} FROM exchange WHERE exchange_id = $1 FOR UPDATE", exchange_id
    )
    return Exchange(**row) if row else None


async def used(
    tx: Tx, member_id: UUID, partner_id: str, direction: Direction, now: datetime
) -> Used:
    """What the (locked) member exchanged this day and this month, without what was reversed."""
    row = await tx.fetchrow(
        "SELECT coalesce(sum(points) FILTER (WHERE exchanged_at >= $4), 0)::bigint AS day,"
        " coalesce(sum(points), 0)::bigint AS month FROM exchange"
        " WHERE member_id = $1 AND partner_id = $2 AND direction = $3 AND reversed_at IS NULL"
        " AND exchanged_at >= $5",
        member_id, partner_id, direction, start_of(day_of(now)), start_of(month_of(now)),
    )  # fmt: skip
    return Used(**row)


async def in_month(tx: Tx, partner_id: str, direction: Direction, month: date) -> int:
    """Points of all members, as far as is committed."""
    points: int | None = await tx.fetchval(
        "SELECT points FROM exchange_month"
        " WHERE partner_id = $1 AND direction = $2 AND month = $3",
        partner_id, direction, month,
    )  # fmt: skip
    return points or 0


async def count_in_month(
    tx: Tx, partner_id: str, direction: Direction, month: date, points: int
) -> int:
    """Count more of them; locks the row and answers the new sum."""
    total: int = await tx.fetchval(
        "INSERT INTO exchange_month AS m VALUES ($1, $2, $3, $4)"
        " ON CONFLICT (partner_id, direction, month)"
        " DO UPDATE SET points = m.points + excluded.points RETURNING points",
        partner_id, direction, month, points,
    )  # fmt: skip
    return total


async def uncount_in_month(
    tx: Tx, partner_id: str, direction: Direction, month: date, points: int
) -> None:
    """Count fewer of them: they were reversed."""
    await tx.execute(
        "UPDATE exchange_month SET points = points - $4"
        " WHERE partner_id = $1 AND direction = $2 AND month = $3",
        partner_id, direction, month, points,
    )  # fmt: skip


async def note_reversal(tx: Tx, exchange_id: UUID, reversal_id: UUID) -> None:
    """It was undone now."""
    await tx.execute(
        "UPDATE exchange SET reversed_at = $2, reversal_id = $3 WHERE exchange_id = $1",
        exchange_id, tx.now, reversal_id,
    )  # fmt: skip


async def page(tx: Tx, member_id: UUID, before: int, limit: int) -> list[tuple[int, Exchange]]:
    """(number, exchange) of a member below a number, newest first."""
    rows = await tx.fetch(
        f"SELECT number, {_COLUMNS} FROM exchange WHERE member_id = $1 AND number < $2"
        " ORDER BY number DESC LIMIT $3",
        member_id, before, limit,
    )  # fmt: skip
    return [
        (row["number"], Exchange(**{name: row[name] for name in Exchange.__slots__}))
        for row in rows
    ]
