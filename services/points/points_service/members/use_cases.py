"""What other features ask about members."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from chassis.database import Tx
from chassis.problem import Problem
from contracts.events import MemberRegistered
from points_service.members import repository
from points_service.members.domain import Member
from points_service.tiers import repository as tiers


def unknown_member() -> Problem:
    """404: points has not heard of this member."""
    return Problem(404, "unknown_member", "There is no such member")


async def existing(tx: Tx, member_id: UUID, since: date | None = None) -> Member:
    """The member an id stands for, with its months from `since` on; raises Problem 404."""
    member = await repository.find(tx, member_id, since)
    if member is None:
        raise unknown_member()
    return member


async def locked(tx: Tx, member_id: UUID) -> Member:
    """The same, locked; raises Problem 404."""
    member = (await repository.lock(tx, [member_id])).get(member_id)
    if member is None:
        raise unknown_member()
    return member


async def register(tx: Tx, ladder_id: str, events: Sequence[MemberRegistered]) -> None:
    """New members begin on the lowest rung; an order may have been faster."""
    ladder = await tiers.ladder(tx, ladder_id)
    await repository.register(tx, [event.member_id for event in events], ladder.lowest)
    born = [(event.member_id, event.birth_month) for event in events if event.birth_month]
    if born:
        await repository.set_birth_months(tx, born)
