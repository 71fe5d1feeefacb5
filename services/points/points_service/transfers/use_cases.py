"""Lock both members, decide, post, tell."""

from datetime import timedelta
from uuid import UUID

from chassis.database import Tx
from chassis.problem import Problem
from contracts.points import spending as api
from contracts.points_events import PointsTransferred
from points_service.calendar import day_of, start_of
from points_service.ledger import repository as ledger
from points_service.lots import repository as lots
from points_service.members import repository as members
from points_service.members.domain import Member
from points_service.members.use_cases import unknown_member
from points_service.programme import Programme
from points_service.redemption.use_cases import insufficient_points
from points_service.transfers import repository
from points_service.transfers.domain import Transfer, transfer


async def give(
    tx: Tx,
    programme: Programme,
    member_id: UUID,
    request: api.TransferRequest,
    *,
    dry_run: bool = False,
) -> api.Transfer:
    """Give points to another member.

    Raises Problem 404 (giver), 422 (receiver, limits of one transfer), 409 (not enough, limits of
    the day).
    """
    found = await members.lock(tx, [member_id, request.to_member_id])
    giver, receiver = found.get(member_id), found.get(request.to_member_id)
    if giver is None:
        raise unknown_member()
    if receiver is None:
        title = "There is no such member"
        raise Problem(422, "unknown_member", title, pointer="/to_member_id")
    if giver.member_id == receiver.member_id:
        title = "That is the same member"
        raise Problem(422, "same_member", title, pointer="/to_member_id")
    await _check(tx, programme, giver, receiver, request.points)
    held = await lots.with_points(tx, [giver.member_id])
    moved = transfer(giver, receiver, held, request.points, new_id=tx.ids.new, now=tx.now)
    if moved is None:
        raise insufficient_points()
    if not dry_run:
        await _save(tx, moved)
    return api.Transfer(
        transfer_id=None if dry_run else moved.journal.journal_id,
        member_id=giver.member_id,
        to_member_id=receiver.member_id,
        points=moved.points,
        balance=moved.giver.balance,
    )


async def _check(
    tx: Tx, programme: Programme, giver: Member, receiver: Member, points: int
) -> None:
    today = day_of(tx.now)
    given, received = await repository.moved(
        tx,
        await members.everybody(tx, giver.member_id),
        await members.everybody(tx, receiver.member_id),
        start_of(today),
        start_of(today + timedelta(days=1)),
    )
    wrong = programme.transfers.objection(points, given, received)
    if wrong is not None:
        status = 422 if wrong[0] in ("below_minimum", "above_maximum") else 409
        raise Problem(status, *wrong, pointer="/points")


async def _save(tx: Tx, moved: Transfer) -> None:
    await repository.add(tx, moved)
    await lots.add(tx, moved.lots)
    await lots.use(tx, moved.uses)
    await ledger.post(tx, [moved.journal])
    tx.publish(
        PointsTransferred(
            giver_id=moved.giver.member_id,
            receiver_id=moved.receiver.member_id,
            points=moved.points,
            transferred_at=tx.now,
            journal_id=moved.journal.journal_id,
        )
    )
