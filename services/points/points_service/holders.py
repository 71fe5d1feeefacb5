"""Things with ids of their own: the path does not say whose they are, so the service looks."""

from uuid import UUID

from chassis.database import Tx
from chassis.principal import Principal
from chassis.problem import Problem
from contracts.roles import Role
from points_service.members import repository as members


async def only_holder(tx: Tx, principal: Principal, holder: UUID) -> None:
    """Staff may; a member only what is the member's own, else Problem 403."""
    if principal.role is not Role.MEMBER:
        return
    own = principal.member_id
    living = (await members.survivors(tx, [own])).get(own, own) if own else None
    if living != holder:
        raise foreign_member()


def foreign_member() -> Problem:
    """403: it is another member's."""
    return Problem(403, "foreign_member", "A member may only touch what is the member's own")
