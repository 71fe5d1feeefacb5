"""Holds. Callers hold the member's lock: it is what lets each of them resolve once."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from chassis.database import Tx, columns_of
from points_service.holds.domain import Hold, Settlement, Status
from points_service.lots import repository as lots
from points_service.tables import Hold as HoldTable

_NAMES = columns_of(HoldTable)
_COLUMNS = ", ".join(_NAMES)


async def lock(tx: Tx, hold_ids: Iterable[UUID]) -> dict[UUID, Hold]:
    """Those that exist, locked, with their parts; the members are locked before."""
    rows = await tx.fetch(
        f"SELECT {_COLUMNS} FROM hold WHERE hold_id = ANY ($1::uuid[]) ORDER BY hold_id FOR UPDATE",
        list(hold_ids),
    )
    open_ = [row["hold_id"] for row in rows if row["status"] == Status.OPEN]
    parts = await lots.parts_of(tx, open_) if open_ else {}
    return {row["hold_id"]: _hold(row, parts=tuple(parts.get(row["hold_id"], ()))) for row in rows}


async def find(tx: Tx, hold_id: UUID) -> Hold | None:
    """A hold without a lock and without its parts."""
    row = await tx.fetchrow(f"SELECT {_COLUMNS} FROM hold WHERE hold_id = $1", hold_id)
    return _hold(row) if row else None


async def open_of(tx: Tx, member_id: UUID, after: UUID | None, limit: int) -> list[Hold]:
    """A member's open holds, oldest first, behind hold `after`."""
    rows = await tx.fetch(
        f"SELECT {_COLUMNS} FROM hold WHERE member_id = $1 AND status = 'open'"
        " AND hold_id > $2 ORDER BY hold_id LIMIT $3",
        member_id, after or UUID(int=0), limit,
    )  # fmt: skip
    return [_hold(row) for row in rows]


async def held(tx: Tx, member_id: UUID) -> int:
    """Points a member has set aside."""
    points: int = await tx.fetchval(
        "SELECT coalesce(sum(points), 0)::bigint FROM hold"
        " WHERE member_id = $1 AND status = 'open'",
        member_id,
    )
    return points


async def due(tx: Tx, now: datetime, limit: int) -> list[Hold]:
    """Open holds that have reached their end, without a lock and without their parts."""
    rows = await tx.fetch(
        f"SELECT {_COLUMNS} FROM hold WHERE status = 'open' AND expires_at <= $1"
        " ORDER BY expires_at LIMIT $2",
        now, limit,
    )  # fmt: skip
    return [_hold(row) for row in rows]


async def add(tx: Tx, holds: Sequence[Hold]) -> None:
    """Store new ones."""
    if holds:
        rows = [tuple(getattr(hold, name) for name in _NAMES) for hold in holds]
        await tx.copy("hold", _NAMES, rows)


async def settle(tx: Tx, settlements: Sequence[Settlement]) -> None:
    """Everything of resolved holds but their journals: rows, redemptions, lots."""
    if not settlements:
        return
    await tx.execute(
        "WITH settled AS (SELECT * FROM unnest($1::uuid[], $2::text[], $3::bigint[], $4::text[],"
        " $5::text[], $6::uuid[]) AS s (hold_id, status, posted, store, order_no, redemption_id)),"
        " resolved AS (UPDATE hold h SET status = s.status, posted = s.posted, store = s.store,"
        " order_no = s.order_no, resolved_at = $7 FROM settled s WHERE h.hold_id = s.hold_id"
        " RETURNING h.hold_id, h.member_id, h.reason)"
        " INSERT INTO redemption (journal_id, member_id, points, store, order_no, reason, burnt_at)"
        " SELECT s.redemption_id, r.member_id, s.posted, s.store, s.order_no, r.reason, $7"
        " FROM settled s JOIN resolved r USING (hold_id) WHERE s.redemption_id IS NOT NULL",
        [each.hold.hold_id for each in settlements],
        [each.hold.status for each in settlements],
        [each.hold.posted for each in settlements],
        [each.hold.store for each in settlements],
        [each.hold.order_no for each in settlements],
        [each.redemption_id for each in settlements],
        tx.now,
    )
    await lots.pass_on(tx, [passed for each in settlements for passed in each.passed])
    await lots.restore(tx, [back for each in settlements for back in each.restores])
    await lots.use(tx, [use for each in settlements for use in each.uses])


def _hold(row: Any, **other: Any) -> Hold:
    values = {name: row[name] for name in _NAMES}
    return Hold(**(values | {"status": Status(row["status"])} | other))
