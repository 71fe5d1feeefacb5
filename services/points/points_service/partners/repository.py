"""Partners are data."""

from chassis.database import Tx
from chassis.problem import Problem
from contracts.points.programmes import Partner
from points_service.definitions import Definitions

partners = Definitions("partner", "partner_id")


async def partner(tx: Tx, partner_id: str) -> Partner:
    """By its id; raises Problem 404."""
    found = await partners.find(tx, Partner, partner_id)
    if found is None:
        raise Problem(404, "unknown_partner", "There is no such partner")
    return found
