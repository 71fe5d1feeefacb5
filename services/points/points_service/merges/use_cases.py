"""Follow identity's merges: everything of the absorbed member is the survivor's from now on."""

from collections.abc import Sequence

from chassis.database import Tx
from contracts.events import MembersMerged
from points_service.birthdays import repository as birthdays
from points_service.calendar import month_of
from points_service.earning import repository as earning
from points_service.ledger import repository as ledger
from points_service.lots import repository as lots
from points_service.members import repository as members
from points_service.merges import repository
from points_service.merges.carried import carry
from points_service.merges.domain import Merge, decide, waves
from points_service.moving import move
from points_service.programme import Programme
from points_service.referrals import repository as referrals
from points_service.tasks import repository as tasks
from points_service.tiers import repository as tiers
from points_service.tiers.domain import Ladder
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
    absorbed = (await members.lock(tx, ids)).absorbed  # all of them at once, in id order
    for wave in waves(merges, absorbed):
        await _follow(tx, ladder, wave)


async def _follow(tx: Tx, ladder: Ladder, merges: Sequence[Merge]) -> None:
    """Merges of living members, each of whom is in one of them."""
    pairs = [(merge.absorbed_id, merge.survivor_id) for merge in merges]
    known = await members.lock(
        tx,
        [member for pair in pairs for member in pair],
        ladder.since(month_of(merges[0].merged_at)),
    )
    before = await repository.found(tx, list(known.by_id))
    indebted = any(member.owed for member in known.by_id.values())
    held = await lots.with_points(tx, sorted(known.by_id)) if indebted else []
    journals = {merge.merge_id: tx.ids.new() for merge in merges}
    decided = decide(merges, known.by_id, held, ladder=ladder, journals=journals)
    await members.save(tx, list(decided.members.values()))
    await members.absorb(tx, pairs)
    await move(tx, repository.MOVING, pairs)
    await lots.use(tx, decided.uses)
    await birthdays.move(tx, pairs)
    await earning.move(tx, pairs)
    changed = await referrals.question(tx, pairs)
    carried = {
        merge.absorbed_id: carry(
            before[merge.survivor_id],
            before[merge.absorbed_id],
            changed.get(merge.survivor_id, ()),
        )
        for merge in merges
    }
    await tasks.move(tx, pairs, repository.replaced(merges, carried))
    await repository.remember(
        tx,
        [
            (
                merge,
                journals[merge.merge_id],
                known.by_id[merge.survivor_id].tier,
                carried[merge.absorbed_id],
            )
            for merge in merges
        ],
    )
    await record_steps(tx, decided.steps)
    await ledger.post(tx, decided.journals)
