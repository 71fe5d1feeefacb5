"""Expire what is due, some members at a time."""

from datetime import datetime

from chassis.database import Database, Tx
from contracts.events import PointsExpired
from points_service.calendar import day_of
from points_service.expiry.domain import expire
from points_service.ledger import repository as ledger
from points_service.lots import repository as lots
from points_service.members import repository as members

CHUNK = 2000  # members a transaction, and rows an event


async def expire_due(db: Database, midnight: datetime) -> None:
    """Every lot whose date is that midnight or before. Run again, it finds nothing left."""
    while True:
        async with db.transaction() as tx:
            if not await _expire_some(tx, midnight):
                return


async def _expire_some(tx: Tx, midnight: datetime) -> bool:
    holders = await lots.members_due(tx, midnight, CHUNK)
    if not holders:
        return False
    await members.lock(tx, holders)
    due = await lots.due(tx, holders, midnight)  # as it is now that nobody else can spend them
    expired = expire(due, midnight, tx.ids.new)
    if expired:
        await lots.expire(tx, due, midnight)
        await ledger.post(tx, [journal for _, _, journal in expired])
        rows = [(member_id, points) for member_id, points, _ in expired]
        tx.publish(PointsExpired(day_of(midnight), rows))
    return True
