"""Lock the member, decide, post, tell."""

from uuid import UUID

from chassis.database import Tx
from chassis.problem import Problem
from contracts.base import Money
from contracts.events import PointsBurnt
from contracts.points.spending import HoldRequest, Redemption, RedemptionRequest
from contracts.roles import Role
from points_service.catalogue.use_cases import Catalogue
from points_service.ledger import repository as ledger
from points_service.lots import repository as lots
from points_service.members.use_cases import locked
from points_service.programme import Programme
from points_service.redemption import repository
from points_service.redemption.domain import burn, is_multiple, value_fen


async def redeem(
    tx: Tx,
    programme: Programme,
    catalogue: Catalogue,
    *,
    role: Role,
    member_id: UUID,
    request: RedemptionRequest,
    dry_run: bool = False,
) -> Redemption:
    """Spend points. Raises Problem 404 (member), 422 (store, multiple), 409 (not enough).

    Only a till may tie points to an order (else 403): its refund gives them back.
    """
    if request.store is not None:
        await catalogue.learn(tx, set(), {request.store})
    check_learnt(programme, catalogue, role, request)
    member = await locked(tx, member_id)
    held = await lots.with_points(tx, [member.member_id])
    burnt = burn(
        member, held, request.points, store=request.store, journal_id=tx.ids.new(), now=tx.now
    )
    if burnt is None:
        raise insufficient_points()
    journal_id = burnt.journal.journal_id
    if not dry_run:
        await repository.add(tx, member.member_id, journal_id, request)
        await lots.use(tx, burnt.uses)
        await ledger.post(tx, [burnt.journal])
        tx.publish(PointsBurnt(member.member_id, request.points, tx.now, journal_id, request.store))
    return Redemption(
        redemption_id=None if dry_run else journal_id,
        member_id=member.member_id,
        points=request.points,
        value=Money(amount=value_fen(request.points, programme.points_per_yuan)),
        balance=burnt.member.balance,
    )


def check_learnt(
    programme: Programme,
    catalogue: Catalogue,
    role: Role,
    request: RedemptionRequest | HoldRequest,
) -> None:
    """What can be wrong before the member is known, its store being learnt.

    Raises Problem 403 (order), 422.
    """
    if role is Role.MEMBER and request.order_no is not None:
        raise Problem(403, "not_a_till", "Only a till names the order", pointer="/order_no")
    check_multiple(programme, request.points)
    _check_known(catalogue, request.store)


def check_multiple(programme: Programme, points: int) -> None:
    """Raises Problem 422 for a number of points that cannot be spent."""
    if not is_multiple(points, programme.redemption_multiple):
        raise Problem(
            422,
            "not_a_multiple",
            f"Points are spent in multiples of {programme.redemption_multiple}",
            pointer="/points",
        )


async def check_store(tx: Tx, catalogue: Catalogue, store: str | None) -> None:
    """Raises Problem 422 for a store that does not exist."""
    if store is not None:
        await catalogue.learn(tx, set(), {store})
        _check_known(catalogue, store)


def _check_known(catalogue: Catalogue, store: str | None) -> None:
    if store is not None and store not in catalogue.stores:
        raise Problem(422, "unknown_store", "There is no such store", pointer="/store")


def insufficient_points(pointer: str = "/points") -> Problem:
    """409: the member has fewer points than that."""
    return Problem(
        409, "insufficient_points", "The member has fewer points than that", pointer=pointer
    )
