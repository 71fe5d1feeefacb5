"""Adding partners."""

from chassis.database import Tx
from chassis.principal import Principal
from chassis.problem import Problem
from contracts.points.programmes import Partner, PartnerTerms
from contracts.roles import Role
from points_service.partners import repository

PARTIES = ("programme", "breakage")  # have lines of their own in settlements


async def add(tx: Tx, partner: Partner) -> Partner:
    """A new one; raises Problem 409 for an id that is taken, by whoever it is."""
    known = await repository.partners.find(tx, Partner, partner.partner_id)
    if known or partner.partner_id in PARTIES:
        raise Problem(409, "known_partner", "There is such a partner", pointer="/partner_id")
    await repository.partners.put(tx, partner.partner_id, partner)
    return partner


async def terms(tx: Tx) -> list[PartnerTerms]:
    """What everybody may know of all of them."""
    found = await repository.partners.all(tx, Partner)
    return [PartnerTerms(**each.model_dump(exclude={"clients"})) for each in found]


def only_itself(principal: Principal, partner: Partner) -> None:
    """A partner's program acts for its own partner only, else Problem 403."""
    if principal.role is Role.PARTNER and principal.subject not in partner.clients:
        raise Problem(403, "foreign_partner", "A partner may only act for itself")
