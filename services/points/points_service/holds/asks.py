"""Placing, posting and voiding: many callers' in one transaction, decided one after another.

The members' locks are what lets each hold resolve once. Holds are resolved before others are
placed, so that what was given back can be set aside again.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from uuid import UUID

from chassis.database import Tx
from chassis.problem import Problem
from contracts.points import spending as api
from contracts.roles import Role
from points_service.catalogue.use_cases import Catalogue
from points_service.holds import domain, repository
from points_service.holds.domain import Hold, Placed, Settlement, Status
from points_service.holds.use_cases import of_member, shown, tell
from points_service.ledger import repository as ledger
from points_service.ledger.domain import Journal
from points_service.lots import repository as lots
from points_service.lots.domain import Depreciation, Lot, less
from points_service.members import repository as members
from points_service.members.domain import Member
from points_service.members.repository import Members
from points_service.members.use_cases import unknown_member
from points_service.programme import Programme
from points_service.redemption.use_cases import check_learnt, check_multiple, insufficient_points


@dataclass(frozen=True, slots=True)
class Place:
    """Set points aside. Problem 404 (member), 403 (order), 422, 409 (not enough)."""

    member_id: UUID
    request: api.HoldRequest
    role: Role


@dataclass(frozen=True, slots=True)
class Post:
    """Spend a hold or `points` of it; the rest goes back. Problem 404, 409 (resolved), 422."""

    member_id: UUID
    hold_id: UUID
    points: int | None


@dataclass(frozen=True, slots=True)
class Void:
    """Give a hold back. Problem 404, 409 (resolved)."""

    member_id: UUID
    hold_id: UUID


Ask = Place | Post | Void


async def answer(
    tx: Tx, programme: Programme, catalogue: Catalogue, asks: Sequence[Ask]
) -> list[api.HoldAnswer | Problem]:
    """Carry them out; an answer or a Problem for each, in their sequence. Posts: call it last."""
    found = await members.lock(tx, {ask.member_id for ask in asks})
    counter = _Counter(tx, programme, found)
    resolving = [ask for ask in asks if not isinstance(ask, Place)]
    placing = [ask for ask in asks if isinstance(ask, Place)]
    resolved = iter(await _resolve(counter, resolving) if resolving else ())
    placed = iter(await _place(counter, catalogue, placing) if placing else ())
    await ledger.post(tx, counter.journals)
    return [next(placed if isinstance(ask, Place) else resolved) for ask in asks]


class _Counter:
    """Members as they are after each call, and what has to be posted in the end."""

    def __init__(self, tx: Tx, programme: Programme, found: Members) -> None:
        self.tx, self.programme = tx, programme
        self.journals: list[Journal] = []
        self._found, self._members = found, dict(found.by_id)

    def member(self, member_id: UUID) -> Member:
        """As of now; raises Problem 404."""
        member = self._members.get(self._found.living(member_id))
        if member is None:
            raise unknown_member()
        return member

    def living(self, asks: Sequence[Place]) -> list[UUID]:
        """Those of their members that exist."""
        return sorted({self._found.living(ask.member_id) for ask in asks} & self._members.keys())

    def done(self, hold: Hold, after: Member) -> api.HoldAnswer:
        """The answer to a call that made a member so."""
        self._members[after.member_id] = after
        return api.HoldAnswer(hold=shown(self.programme, hold), balance=after.balance)


async def _resolve(
    counter: _Counter, asks: Sequence[Post | Void]
) -> list[api.HoldAnswer | Problem]:
    tx = counter.tx
    holds = await repository.lock(tx, {ask.hold_id for ask in asks})
    since = [hold.held_at for hold in holds.values() if hold.status is Status.OPEN]
    depreciations = await lots.depreciations(tx, min(since)) if since else ()
    answers: list[api.HoldAnswer | Problem] = []
    settlements: list[Settlement] = []
    for ask in asks:
        try:
            member = counter.member(ask.member_id)
            hold = of_member(holds.get(ask.hold_id), member)
            settled = _settled(counter, ask, member, hold, depreciations)
        except Problem as problem:
            answers.append(problem)
            continue
        holds[ask.hold_id] = settled.hold
        settlements.append(settled)
        after = replace(
            member,
            balance=member.balance + settled.back,
            owed=member.owed - sum(use.points for use in settled.uses),
        )
        answers.append(counter.done(settled.hold, after))
    await repository.settle(tx, settlements)
    tell(tx, settlements)
    counter.journals += [journal for each in settlements for journal in each.journals]
    return answers


def _settled(
    counter: _Counter,
    ask: Post | Void,
    member: Member,
    hold: Hold,
    depreciations: Sequence[Depreciation],
) -> Settlement:
    tx = counter.tx
    if isinstance(ask, Void):
        if hold.status is not Status.OPEN:
            title = f"This hold is {hold.status} already"
            raise Problem(409, "hold_resolved", title, pointer="")
        return domain.release(
            hold,
            Status.VOIDED,
            owed=member.owed,
            depreciations=depreciations,
            journal_id=tx.ids.new(),
            now=tx.now,
        )
    wrong = domain.objection(hold, member.member_id, tx.now)
    if wrong is not None:
        raise Problem(409, *wrong, pointer="")
    points = hold.points if ask.points is None else ask.points
    if points > hold.points:
        raise Problem(422, "more_than_held", "The hold has fewer points", pointer="/points")
    check_multiple(counter.programme, points)
    return domain.settle(
        hold,
        points,
        owed=member.owed,
        depreciations=depreciations,
        new_id=tx.ids.new,
        now=tx.now,
    )


async def _place(
    counter: _Counter, catalogue: Catalogue, asks: Sequence[Place]
) -> list[api.HoldAnswer | Problem]:
    tx = counter.tx
    await catalogue.learn(tx, set(), {ask.request.store for ask in asks if ask.request.store})
    held: dict[UUID, list[Lot]] = {}
    for lot in await lots.with_points(tx, counter.living(asks)):
        held.setdefault(lot.member_id, []).append(lot)
    answers: list[api.HoldAnswer | Problem] = []
    made: list[Placed] = []
    for ask in asks:
        try:
            check_learnt(counter.programme, catalogue, ask.role, ask.request)
            member = counter.member(ask.member_id)
            placed = _placed(tx, ask.request, member, held.get(member.member_id, []))
        except Problem as problem:
            answers.append(problem)
            continue
        made.append(placed)
        held[member.member_id] = less(held[member.member_id], placed.uses)
        answers.append(counter.done(placed.hold, replace(member, balance=placed.balance)))
    await repository.add(tx, [placed.hold for placed in made])
    await lots.use(tx, [use for placed in made for use in placed.uses])
    counter.journals += [placed.journal for placed in made]
    return answers


def _placed(tx: Tx, request: api.HoldRequest, member: Member, own: Sequence[Lot]) -> Placed:
    placed = domain.place(
        member,
        own,
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
    return placed
