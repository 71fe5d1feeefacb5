"""Looking at holds, and releasing those that have reached their end."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from chassis.database import Database, Tx
from chassis.problem import Problem
from contracts.base import Money
from contracts.events import PointsBurnt
from contracts.points import spending as api
from points_service.holds import domain, repository
from points_service.holds.domain import Hold, Settlement, Status
from points_service.ledger import repository as ledger
from points_service.lots import repository as lots
from points_service.members import repository as members
from points_service.members.domain import Member
from points_service.members.use_cases import existing
from points_service.programme import Programme
from points_service.redemption.domain import value_fen

CHUNK = 1000  # holds a transaction


async def release_due(db: Database, now: datetime) -> None:
    """Give back every hold that has reached its end. Run again, it finds nothing left."""
    while True:
        async with db.transaction() as tx:
            due = await repository.due(tx, now, CHUNK)
            if not due:
                return
            await _release_some(tx, due, now)


async def _release_some(tx: Tx, due: Sequence[Hold], now: datetime) -> None:
    found = await members.lock(tx, {hold.member_id for hold in due})
    holds = await repository.lock(tx, [hold.hold_id for hold in due])
    still = [hold for hold in holds.values() if hold.status is Status.OPEN]
    if not still:  # posted or voided meanwhile
        return
    depreciations = await lots.depreciations(tx, min(hold.held_at for hold in still))
    owed = {member_id: member.owed for member_id, member in found.by_id.items()}
    settlements = []
    for hold in still:
        settlement = domain.release(
            hold,
            Status.EXPIRED,
            owed=owed[hold.member_id],
            depreciations=depreciations,
            journal_id=tx.ids.new(),
            now=now,
        )
        owed[hold.member_id] -= sum(use.points for use in settlement.uses)
        settlements.append(settlement)
    await repository.settle(tx, settlements)
    await ledger.post(tx, [journal for each in settlements for journal in each.journals])


async def show(tx: Tx, programme: Programme, member_id: UUID, hold_id: UUID) -> api.Hold:
    """A hold of a member; raises Problem 404."""
    member = await existing(tx, member_id)
    return shown(programme, of_member(await repository.find(tx, hold_id), member))


async def show_open(
    tx: Tx, programme: Programme, member_id: UUID, after: UUID | None, limit: int
) -> api.Holds:
    """A page of a member's open holds; raises Problem 404."""
    member = await existing(tx, member_id)
    found = await repository.open_of(tx, member.member_id, after, limit + 1)
    page = found[:limit]
    return api.Holds(
        data=[shown(programme, hold) for hold in page],
        next_cursor=str(page[-1].hold_id) if len(found) > limit else None,
    )


def tell(tx: Tx, settlements: Iterable[Settlement]) -> None:
    """What was spent by posting."""
    for each in settlements:
        if each.redemption_id is not None:
            hold = each.hold
            told = PointsBurnt(hold.member_id, hold.posted, tx.now, each.redemption_id, hold.store)
            tx.publish(told)


def of_member(hold: Hold | None, member: Member) -> Hold:
    """The hold; raises Problem 404 where it is not this member's."""
    if hold is None or hold.member_id != member.member_id:
        raise Problem(404, "unknown_hold", "The member has no such hold", pointer="")
    return hold


def shown(programme: Programme, hold: Hold) -> api.Hold:
    """A hold as it is answered."""
    return api.Hold(
        hold_id=hold.hold_id,
        member_id=hold.member_id,
        status=hold.status.value,
        points=hold.points,
        value=Money(amount=value_fen(hold.points, programme.points_per_yuan)),
        posted=hold.posted,
        store=hold.store,
        order_no=hold.order_no,
        reason=hold.reason,
        held_at=hold.held_at,
        expires_at=hold.expires_at,
        resolved_at=hold.resolved_at,
    )
