"""Whether members want what is about to leave: asked when it is taken up, and before each try."""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from chassis.clock import local_date
from chassis.database import Tx
from gateway_service.consent import repository as consent
from gateway_service.egress import domain
from gateway_service.relations import repository as relations


@dataclass(frozen=True, slots=True)
class Wish:
    """A message, as far as consent goes. `member_id` None: no member, so nothing to agree to."""

    delivery_id: UUID
    member_id: UUID | None
    purpose: str
    channel: str


async def refused(tx: Tx, wishes: Iterable[Wish], *, lock: bool = False) -> dict[UUID, str]:
    """Deliveries that the member, or of a child the guardian, has not agreed to, and why.

    With a lock a withdrawal is either seen here or comes after `tx`.
    """
    needed = [
        (each, each.member_id, key)
        for each in wishes
        if (key := domain.needs(each.purpose, each.channel)) and each.member_id
    ]
    granted = await consent.granted_among(tx, [(who, key) for _, who, key in needed], lock=lock)
    members = {member for member, _ in granted}
    children = await relations.children(tx, members, local_date(tx.now))
    asked = [(each, domain.GUARDIAN) for each in children]
    guarded = {member for member, _ in await consent.granted_among(tx, asked, lock=lock)}
    why: dict[UUID, str] = {}
    for each, member, key in needed:
        if (member, key) not in granted:
            why[each.delivery_id] = domain.NO_CONSENT
        elif member in children - guarded:
            why[each.delivery_id] = domain.NO_GUARDIAN
    return why
