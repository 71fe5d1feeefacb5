"""Reading and moving lots, set-based. Callers hold the member's lock."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from chassis.database import Tx, columns_of
from points_service.calendar import day_of
from points_service.lots.domain import Depreciation, Lot, Part, Passed, Restore, Use
from points_service.tables import Lot as LotTable

_COLUMNS = ", ".join(columns_of(LotTable))


async def with_points(tx: Tx, members: Sequence[UUID]) -> list[Lot]:
    """Lots of these members that still hold points."""
    rows = await tx.fetch(
        f"SELECT {_COLUMNS} FROM lot WHERE member_id = ANY ($1::uuid[]) AND remaining > 0",
        list(members),
    )
    return [Lot(**row) for row in rows]


async def by_id(tx: Tx, lot_ids: Sequence[UUID]) -> list[Lot]:
    """These lots, whatever they hold."""
    rows = await tx.fetch(
        f"SELECT {_COLUMNS} FROM lot WHERE lot_id = ANY ($1::uuid[])", list(lot_ids)
    )
    return [Lot(**row) for row in rows]


async def earned(tx: Tx, member_id: UUID) -> int:
    """Everything the member (and whoever was merged into it) ever earned; gifts do not count."""
    points: int = await tx.fetchval(
        "SELECT coalesce(sum(points), 0)::bigint FROM lot"
        " WHERE member_id = $1 AND moved_from IS NULL",
        member_id,
    )
    return points


async def due(tx: Tx, members: Sequence[UUID], now: datetime) -> list[Lot]:
    """Lots of these members whose date is `now` or before, also empty ones, not expired yet."""
    rows = await tx.fetch(
        f"SELECT {_COLUMNS} FROM lot WHERE member_id = ANY ($1::uuid[])"
        " AND expired_at IS NULL AND expires_at <= $2 ORDER BY member_id, lot_id",
        list(members), now,
    )  # fmt: skip
    return [Lot(**row) for row in rows]


async def members_due(tx: Tx, now: datetime, limit: int) -> list[UUID]:
    """Members with lots that expire by `now`, without a lock."""
    rows = await tx.fetch(
        "SELECT DISTINCT member_id FROM lot WHERE expired_at IS NULL AND expires_at <= $1"
        " ORDER BY member_id LIMIT $2",
        now, limit,
    )  # fmt: skip
    return [row["member_id"] for row in rows]


async def add(tx: Tx, lots: Sequence[Lot]) -> None:
    """Store new lots."""
    if lots:
        await tx.copy(
            "lot",
            columns_of(LotTable),
            [
                (
                    lot.lot_id, lot.member_id, lot.earned_by, lot.earned_at, lot.expires_at,
                    lot.points, lot.remaining, lot.expired, lot.expired_at, lot.moved_from,
                    lot.depreciated_on,
                )
                for lot in lots
            ],
        )  # fmt: skip


async def use(tx: Tx, uses: Sequence[Use]) -> None:
    """Take points out of lots and keep who took them; once per journal and lot."""
    if not uses:
        return
    await tx.execute(
        "WITH used AS (SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::bigint[])"
        " AS u (journal_id, lot_id, points, expired)),"
        " kept AS (INSERT INTO lot_use (journal_id, lot_id, points)"
        " SELECT journal_id, lot_id, points FROM used)"
        " UPDATE lot SET remaining = remaining - t.live, expired = lot.expired - t.expired FROM"
        " (SELECT lot_id, sum(points - expired)::bigint AS live, sum(expired)::bigint AS expired"
        " FROM used GROUP BY lot_id) t WHERE lot.lot_id = t.lot_id",
        [each.journal_id for each in uses],
        [each.lot_id for each in uses],
        [each.points for each in uses],
        [each.expired for each in uses],
    )


async def expire(tx: Tx, lots: Sequence[Lot], now: datetime) -> None:
    """Empty these lots for good."""
    await tx.execute(
        "UPDATE lot SET expired = expired + remaining, remaining = 0, expired_at = $2"
        " WHERE lot_id = ANY ($1::uuid[])",
        [lot.lot_id for lot in lots], now,
    )  # fmt: skip


async def uses_of(tx: Tx, journals: Sequence[UUID]) -> list[Use]:
    """What these journals took out of which lots."""
    rows = await tx.fetch(
        "SELECT journal_id, lot_id, points, restored FROM lot_use"
        " WHERE journal_id = ANY ($1::uuid[])",
        list(journals),
    )
    return [Use(**row) for row in rows]


async def parts_of(tx: Tx, journals: Sequence[UUID]) -> dict[UUID, list[Part]]:
    """What these journals have out of which lots, by journal."""
    columns = ", ".join(f"l.{name}" for name in columns_of(LotTable))
    rows = await tx.fetch(
        f"SELECT u.journal_id, u.points - u.restored AS part, {columns}"
        " FROM lot_use u JOIN lot l USING (lot_id)"
        " WHERE u.journal_id = ANY ($1::uuid[]) AND u.points > u.restored",
        list(journals),
    )
    found: dict[UUID, list[Part]] = {journal_id: [] for journal_id in journals}
    for row in rows:
        lot = Lot(**{name: row[name] for name in columns_of(LotTable)})
        found[row["journal_id"]].append(Part(lot, row["part"]))
    return found


async def pass_on(tx: Tx, passed: Sequence[Passed]) -> None:
    """Points taken out of lots change journals; the lots themselves do not move."""
    if not passed:
        return
    await tx.execute(
        "WITH passed AS (SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::bigint[])"
        " AS p (journal_id, taker_id, lot_id, points)),"
        " taken AS (INSERT INTO lot_use (journal_id, lot_id, points)"
        " SELECT taker_id, lot_id, points FROM passed)"
        " UPDATE lot_use u SET restored = u.restored + p.points FROM passed p"
        " WHERE u.journal_id = p.journal_id AND u.lot_id = p.lot_id",
        [each.journal_id for each in passed],
        [each.taker_id for each in passed],
        [each.lot_id for each in passed],
        [each.points for each in passed],
    )


async def depreciations(tx: Tx, since: datetime) -> list[Depreciation]:
    """Days that took their share after `since` (a day early rather than late), oldest first."""
    rows = await tx.fetch(
        "SELECT day, percent FROM depreciation WHERE day >= $1 ORDER BY day", day_of(since)
    )
    return [Depreciation(**row) for row in rows]


async def restore(tx: Tx, restores: Sequence[Restore]) -> None:
    """Give points back to the lots they came from."""
    if not restores:
        return
    await tx.execute(
        "WITH back AS (SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::bool[])"
        " AS r (journal_id, lot_id, points, live)),"
        " noted AS (UPDATE lot_use SET restored = restored + n.points FROM"
        " (SELECT journal_id, lot_id, sum(points)::bigint AS points FROM back GROUP BY 1, 2) n"
        " WHERE lot_use.journal_id = n.journal_id AND lot_use.lot_id = n.lot_id)"
        " UPDATE lot SET remaining = remaining + t.live, expired = expired + t.dead FROM"
        " (SELECT lot_id, coalesce(sum(points) FILTER (WHERE live), 0)::bigint AS live,"
        " coalesce(sum(points) FILTER (WHERE NOT live), 0)::bigint AS dead"
        " FROM back GROUP BY lot_id) t WHERE lot.lot_id = t.lot_id",
        [each.journal_id for each in restores],
        [each.lot_id for each in restores],
        [each.points for each in restores],
        [each.live for each in restores],
    )
