"""Growth and points for anything but orders, for all features that grant them."""

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from chassis.database import Tx
from contracts.points_events import GrowthGained
from points_service.calendar import month_of
from points_service.expiry import repository as expiry
from points_service.growth import repository
from points_service.growth.domain import Gain, Terms, fold
from points_service.ledger import repository as ledger
from points_service.ledger.domain import Journal
from points_service.lots import repository as lots
from points_service.members import repository as members
from points_service.members.domain import Member
from points_service.members.repository import Members
from points_service.members.use_cases import unknown_member
from points_service.programme import Programme
from points_service.tiers import repository as tiers
from points_service.tiers.use_cases import record as record_steps


async def gain(
    tx: Tx, programme: Programme, gains: Sequence[Gain], *, also: Sequence[Journal] = ()
) -> dict[UUID, Member]:
    """Lock the members, grant, climb, tell; answers the members after it by their living id.

    It posts, so call it once a transaction and last; `also` are journals of yours to post with it.
    Raises Problem 404 if points has not heard of a member.
    """
    ladder = await tiers.ladder(tx, programme.ladder_id)
    oldest = min([tx.now, *(each.occurred_at for each in gains)])
    ids = {each.member_id for each in gains}
    found = await members.lock(tx, ids, ladder.since(month_of(oldest)))
    return await apply(tx, programme, found, gains, also=also)


async def apply(
    tx: Tx,
    programme: Programme,
    found: Members,
    gains: Sequence[Gain],
    *,
    also: Sequence[Journal] = (),
    dry_run: bool = False,
) -> dict[UUID, Member]:
    """`gain` for a caller who has locked the members already. A dry run only answers."""
    living = [replace(each, member_id=found.living(each.member_id)) for each in gains]
    if any(each.member_id not in found.by_id for each in living):
        raise unknown_member()
    robbed = sorted({each.member_id for each in living if each.points < 0})
    terms = Terms(
        await tiers.ladder(tx, programme.ladder_id),
        await expiry.in_force(tx),
        await lots.with_points(tx, robbed) if robbed else (),
    )
    gained = fold(living, found.by_id, terms, tx.ids.new)
    if dry_run:
        return gained.members
    touched = {each.member_id for each in living}
    await members.save(tx, [gained.members[member_id] for member_id in sorted(touched)])
    await lots.add(tx, gained.lots)
    await lots.use(tx, gained.uses)
    await repository.add(tx, gained.entries)
    await record_steps(tx, gained.steps)
    await ledger.post(tx, [*gained.journals, *also])
    if living:
        rows = [(each.member_id, each.kind, each.growth, each.points) for each in living]
        tx.publish(GrowthGained(rows, tx.now))
    return gained.members
