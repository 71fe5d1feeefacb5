"""What a member's tier gives and how much of it is left."""

from chassis.database import Tx
from points_service.benefits import repository
from points_service.benefits.domain import Entitlement, Period
from points_service.calendar import start_of
from points_service.members import repository as members
from points_service.members.domain import Member
from points_service.tiers.domain import Ladder


async def of(tx: Tx, member: Member, ladder: Ladder) -> list[Entitlement]:
    """Everything the tier grants, in the ladder's sequence."""
    catalogue = await repository.catalogue(tx)
    granted = [
        (grant.quota, catalogue[grant.benefit_id])
        for grant in ladder.rung(member.tier).grants
        if catalogue[grant.benefit_id].active
    ]
    begins = {period: period.begin(tx.now) for period in Period}
    used = await repository.used(tx, [member.member_id], set(begins.values()))
    bought = {
        period: await _channels(tx, member, period)
        for period in {benefit.period for _, benefit in granted if benefit.earned_in}
    }
    return [
        Entitlement(
            benefit=benefit,
            period=begins[benefit.period],
            quota=quota,
            used=used.get((member.member_id, benefit.benefit_id, begins[benefit.period]), 0),
            earned=not benefit.earned_in or bool(benefit.earned_in & bought[benefit.period]),
        )
        for quota, benefit in granted
    ]


async def _channels(tx: Tx, member: Member, period: Period) -> set[str]:
    everybody = await members.everybody(tx, member.member_id)
    return await repository.channels_bought_in(tx, everybody, start_of(period.begin(tx.now)))
