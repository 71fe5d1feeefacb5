"""What goes at a midnight, some members at a time, and what is announced before."""

from datetime import datetime, timedelta
from uuid import UUID

from chassis.database import Database, Tx
from contracts.events import PointsExpired
from contracts.points_events import PointsExpiring
from points_service.calendar import day_of, start_of
from points_service.expiry import domain, repository
from points_service.ledger import repository as ledger
from points_service.lots import repository as lots
from points_service.lots.domain import Depreciation
from points_service.members import repository as members

CHUNK = 2000  # members a transaction, and rows an event
FIRST = UUID(int=0)
LEADS = (30, 7)  # days ahead at which a loss is announced


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
    expired = domain.expire(due, midnight, tx.ids.new)
    await lots.expire(tx, due, midnight)
    await ledger.post(tx, [journal for _, _, journal in expired])
    if expired:
        rows = [(member_id, points) for member_id, points, _ in expired]
        tx.publish(PointsExpired(day_of(midnight), rows))
    return True


async def depreciate(db: Database, midnight: datetime) -> None:
    """Take the share of that midnight out of every older lot, once; nothing if it takes none."""
    day = day_of(midnight)
    async with db.transaction() as tx:
        planned = (await repository.in_force(tx)).depreciation_on(day)
        taking = await repository.begin_depreciation(tx, day, planned)
    while taking and await _depreciate_all(db, taking):
        pass  # a merge may have moved lots to a member who was through already


async def _depreciate_all(db: Database, taking: Depreciation) -> bool:
    """A pass over all members; whether it found anybody."""
    at, last, found = start_of(taking.day), FIRST, False
    while True:
        async with db.transaction() as tx:
            holders = await repository.members_to_depreciate(tx, taking.day, at, last, CHUNK)
            if not holders:
                return found
            await members.lock(tx, holders)
            taken = await repository.depreciate(tx, taking, at, holders)
            await ledger.post(tx, domain.depreciate(taken, taking.day, tx.ids.new))
            if taken:
                rows = [(member_id, points) for member_id, _, points in taken]
                tx.publish(PointsExpired(taking.day, rows))
            last, found = holders[-1], True


async def announce(db: Database, midnight: datetime) -> None:
    """Tell whose points go in 30 and in 7 days: each member once for each such day."""
    for days_ahead in LEADS:
        while True:
            async with db.transaction() as tx:
                if await _announce_some(tx, midnight, days_ahead):
                    break


async def _announce_some(tx: Tx, midnight: datetime, days_ahead: int) -> bool:
    """Whether all are told."""
    day = day_of(midnight) + timedelta(days=days_ahead)
    after = await repository.told_to(tx, day, days_ahead)
    if after is None:
        return True
    at, policies = start_of(day), await repository.in_force(tx)
    some = policies.depreciation_on(day) is not None
    holders = await repository.members_losing(tx, at, after, CHUNK, some=some)
    going = domain.going(policies, await lots.with_points(tx, holders), at, midnight)
    if going:
        tx.publish(PointsExpiring(day, days_ahead, going))
    finished = len(holders) < CHUNK
    await repository.tell_to(
        tx, day, days_ahead, holders[-1] if holders else after, finished=finished
    )
    return finished
