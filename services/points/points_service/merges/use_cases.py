"""Follow identity's merges: everything of the absorbed member is the survivor's from now on."""

from collections.abc import Sequence

from chassis.database import Tx
from contracts.events import MembersMerged
from points_service.acts import repository as acts
from points_service.benefits import repository as benefits
from points_service.birthdays import repository as birthdays
from points_service.calendar import month_of
from points_service.coupons import repository as coupons
from points_service.earning import repository as earning
from points_service.exchanges import repository as exchanges
from points_service.holds import repository as holds
from points_service.ledger import repository as ledger
from points_service.lots import repository as lots
from points_service.members import repository as members
from points_service.merges.domain import Merge, decide
from points_service.packages import repository as packages
from points_service.paid_memberships import repository as paid_memberships
from points_service.pricing import repository as quotes
from points_service.programme import Programme
from points_service.referrals import repository as referrals
from points_service.stored_value import repository as stored_value
from points_service.tasks import repository as tasks
from points_service.tiers import repository as tiers
from points_service.tiers.use_cases import record as record_steps


async def follow(tx: Tx, programme: Programme, events: Sequence[MembersMerged]) -> None:
    """Merge members, known to points or not, in the order of the events."""
    merges = [
        Merge(event.merge_id, event.survivor_id, event.absorbed_id, event.merged_at)
        for event in events
    ]
    ladder = await tiers.ladder(tx, programme.ladder_id)
    ids = {merge.survivor_id for merge in merges} | {merge.absorbed_id for merge in merges}
    await members.register(tx, sorted(ids), ladder.lowest)
    found = await members.lock(tx, ids, ladder.since(month_of(merges[0].merged_at)))
    indebted = any(member.owed for member in found.by_id.values())
    held = await lots.with_points(tx, sorted(found.by_id)) if indebted else []
    decided = decide(merges, found.by_id, found.absorbed, held, ladder=ladder, new_id=tx.ids.new)
    pairs = sorted(decided.absorbed.items())
    await members.save(tx, list(decided.members.values()))
    await members.absorb(tx, pairs)
    await lots.move(tx, pairs)
    await lots.use(tx, decided.uses)
    await holds.move(tx, pairs)
    await coupons.move(tx, pairs)
    await benefits.move(tx, pairs)
    await birthdays.move(tx, pairs)
    await quotes.move(tx, pairs)
    await stored_value.move(tx, pairs)
    await exchanges.move(tx, pairs)
    await paid_memberships.move(tx, pairs)
    await packages.move(tx, pairs)
    await earning.move(tx, pairs)
    await acts.move(tx, pairs)
    await tasks.move(tx, pairs)
    await referrals.move(tx, pairs)
    await record_steps(tx, decided.steps)
    await ledger.post(tx, decided.journals)
