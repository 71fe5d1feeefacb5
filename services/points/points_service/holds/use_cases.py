"""Lock the member, decide, write, tell; and the releasing of holds that reached their end."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from chassis.database import Database, Tx
from chassis.problem import Problem
from contracts.base import Money
from contracts.events import PointsBurnt
from contracts.points import spending as api
from contracts.roles import Role
from points_service.catalogue.use_cases import Catalogue
from points_service.holds import domain, repository
from points_service.holds.domain import Hold, Settlement, Status
from points_service.ledger import repository as ledger
from points_service.lots import repository as lots
from points_service.members import repository as members
from points_service.members.domain import Member
from points_service.members.use_cases import existing, locked
from points_service.programme import Programme
from points_service.redemption.domain import value_fen
from points_service.redemption.use_cases import check, check_multiple, insufficient_points

CHUNK = 1000  # holds a transaction


async def place(
    tx: Tx,
    programme: Programme,
    catalogue: Catalogue,
    *,
    role: Role,
    member_id: UUID,
    request: api.HoldRequest,
) -> api.HoldAnswer:
    """Set points aside. Raises Problem 404 (member), 403 (order), 422, 409 (not enough)."""
    await check(tx, programme, catalogue, role, request)
    member = await locked(tx, member_id)
    placed = domain.place(
        member,
        await lots.with_points(tx, [member.member_id]),
        request.points,
        store=request.store,
        order_no=request.order_no,
        reason=request.reason,
        hold_id=tx.ids.new(),
        now=tx.now,
        expires_at=tx.now + timedelta(seconds=request.expires_in_seconds),
    )
    if placed is None:
        raise insufficient_points()
    await repository.add(tx, placed.hold)
    await lots.use(tx, placed.uses)
    await ledger.post(tx, [placed.journal])
    return api.HoldAnswer(hold=_shown(programme, placed.hold), balance=placed.balance)


async def post(
    tx: Tx, programme: Programme, member_id: UUID, hold_id: UUID, request: api.HoldPost
) -> api.HoldAnswer:
    """Spend a hold or part of it; the rest goes back. Raises Problem 404, 409 (resolved), 422."""
    member, hold = await _locked(tx, member_id, hold_id)
    wrong = domain.objection(hold, member.member_id, tx.now)
    if wrong is not None:
        raise Problem(409, *wrong, pointer="")
    points = hold.points if request.points is None else request.points
    if points > hold.points:
        raise Problem(422, "more_than_held", "The hold has fewer points", pointer="/points")
    check_multiple(programme, points)
    settlement = domain.settle(
        hold,
        points,
        owed=member.owed,
        depreciations=await lots.depreciations(tx, hold.held_at),
        new_id=tx.ids.new,
        now=tx.now,
    )
    return await _resolve(tx, programme, member, settlement)


async def void(tx: Tx, programme: Programme, member_id: UUID, hold_id: UUID) -> api.HoldAnswer:
    """Give a hold back. Raises Problem 404, 409 (resolved)."""
    member, hold = await _locked(tx, member_id, hold_id)
    if hold.status is not Status.OPEN:
        title = f"This hold is {hold.status} already"
        raise Problem(409, "hold_resolved", title, pointer="")
    settlement = domain.release(
        hold,
        Status.VOIDED,
        owed=member.owed,
        depreciations=await lots.depreciations(tx, hold.held_at),
        journal_id=tx.ids.new(),
        now=tx.now,
    )
    return await _resolve(tx, programme, member, settlement)


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
    return _shown(programme, _of(await repository.find(tx, hold_id), member))


async def show_open(
    tx: Tx, programme: Programme, member_id: UUID, after: UUID | None, limit: int
) -> api.Holds:
    """A page of a member's open holds; raises Problem 404."""
    member = await existing(tx, member_id)
    found = await repository.open_of(tx, member.member_id, after, limit + 1)
    page = found[:limit]
    return api.Holds(
        data=[_shown(programme, hold) for hold in page],
        next_cursor=str(page[-1].hold_id) if len(found) > limit else None,
    )


def tell(tx: Tx, settlements: Iterable[Settlement]) -> None:
    """What was spent by posting."""
    for each in settlements:
        if each.redemption_id is not None:
            hold = each.hold
            tx.publish(PointsBurnt(hold.member_id, hold.posted, tx.now, each.redemption_id))


async def _locked(tx: Tx, member_id: UUID, hold_id: UUID) -> tuple[Member, Hold]:
    member = await locked(tx, member_id)
    return member, _of((await repository.lock(tx, [hold_id])).get(hold_id), member)


def _of(hold: Hold | None, member: Member) -> Hold:
    if hold is None or hold.member_id != member.member_id:
        raise Problem(404, "unknown_hold", "The member has no such hold", pointer="")
    return hold


async def _resolve(
    tx: Tx, programme: Programme, member: Member, settlement: Settlement
) -> api.HoldAnswer:
    await repository.settle(tx, [settlement])
    await ledger.post(tx, settlement.journals)
    tell(tx, [settlement])
    return api.HoldAnswer(
        hold=_shown(programme, settlement.hold), balance=member.balance + settlement.back
    )


def _shown(programme: Programme, hold: Hold) -> api.Hold:
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
