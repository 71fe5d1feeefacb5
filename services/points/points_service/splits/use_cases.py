"""Follow identity's splits: what came along with a merge goes back."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from uuid import UUID

from chassis.database import Tx
from contracts.events import MembersSplit
from points_service.calendar import day_of, month_of, months_later
from points_service.ledger import repository as ledger
from points_service.lots import repository as lots
from points_service.lots.domain import Part
from points_service.members import repository as members
from points_service.members.domain import LONG_AGO, NOTHING, Member, climbed, step
from points_service.merges.carried import Carried
from points_service.merges.repository import MOVING
from points_service.moving import give_back
from points_service.programme import Programme
from points_service.splits import repository
from points_service.splits.domain import Link, Undone, forget, once, own_lots, points
from points_service.splits.repository import Absorption
from points_service.tiers import repository as tiers
from points_service.tiers.domain import Ladder
from points_service.tiers.rules.rule import Month
from points_service.tiers.use_cases import record as record_steps


async def follow(tx: Tx, programme: Programme, events: Sequence[MembersSplit]) -> None:
    """Take these merges back, in the order of the events; what is apart already stays so."""
    ladder = await tiers.ladder(tx, programme.ladder_id)
    ids = {event.restored_id for event in events} | {event.survivor_id for event in events}
    await members.register(tx, sorted(ids), ladder.lowest)
    await members.lock(tx, ids)  # all of them at once, in id order
    for event in events:
        both = await members.lock(tx, [event.restored_id])
        root = both.living(event.restored_id)
        if root != event.restored_id:
            await _split(tx, ladder, root, event.restored_id)


async def _split(tx: Tx, ladder: Ladder, root: UUID, restored: UUID) -> None:
    undone = await repository.absorption(tx, restored)
    if undone is None:  # merged before this was remembered: it answers for itself, with nothing
        await repository.detach(tx, restored, [restored])
        return
    chain = await repository.chain(tx, restored)
    ids = await repository.branch(tx, restored)
    family = set(await members.everybody(tx, root)) - set(ids)
    before = (await members.lock(tx, [root])).by_id[root]
    highest = await _highest(tx, ladder, chain)
    await repository.detach(tx, restored, ids)
    await give_back(tx, MOVING, root, restored, ids)
    await _points(tx, before, undone, chain[0].carried.owed, ids)
    await _standing(tx, root, restored, (sorted(family), ids), chain[0].carried)
    await _rows(tx, root, restored, chain)
    await _tiers(tx, ladder, before, restored, highest)


async def _points(
    tx: Tx, before: Member, undone: Absorption, owed: int, ids: Sequence[UUID]
) -> None:
    """Lots, debts and the booking."""
    root, restored, journal_id = before.member_id, undone.absorbed_id, tx.ids.new()
    taken = await repository.taken(tx, restored, ids, undone.journal_id)
    if taken:
        await repository.part(tx, taken, own_lots(taken, root, tx.ids.new), journal_id)
    paid: list[Part] = []
    if undone.journal_id:
        paid = (await lots.parts_of(tx, [undone.journal_id]))[undone.journal_id]
    held = {lot.lot_id: lot for lot in await lots.with_points(tx, [root, restored])}
    held |= {each.lot.lot_id: each.lot for each in paid}
    restores, uses, journal = points(
        Undone(
            undone.merge_id, root, restored, undone.absorbed_at, undone.journal_id, owed,
            tuple(paid),
        ),
        list(held.values()),
        balance=before.balance,
        owed=before.owed,
        depreciations=await lots.depreciations(tx, undone.absorbed_at) if paid else [],
        journal_id=journal_id,
        now=tx.now,
    )  # fmt: skip
    await lots.restore(tx, restores)
    await lots.use(tx, uses)
    await ledger.post(tx, [journal] if journal else [])


async def _standing(
    tx: Tx,
    root: UUID,
    restored: UUID,
    sides: tuple[Sequence[UUID], Sequence[UUID]],
    brought: Carried,
) -> None:
    """Growth and months are folds of what was booked; deeds are what came along."""
    await repository.share_refunds(tx, sides[1])
    there = await repository.interactions(tx, root)
    stays = {month: n - brought.interactions.get(month, 0) for month, n in there.items()}
    live = (await members.lock(tx, [root])).by_id[root]
    for member_id, ids, acts, referrals, social in (
        (root, sides[0], stays, live.referrals - brought.referrals, live.social - brought.social),
        (restored, sides[1], brought.interactions, brought.referrals, brought.social),
    ):
        found = await repository.months(tx, ids)
        for month, n in acts.items():
            day = date.fromisoformat(month)
            found[day] = found.get(day, NOTHING).plus(Month(interactions=max(0, n)))
        await repository.put_months(tx, member_id, found)
        growth = await repository.growth(tx, ids)
        await repository.set_growth_and_deeds(
            tx, member_id, growth, max(0, referrals), max(0, social)
        )


async def _rows(tx: Tx, root: UUID, restored: UUID, chain: Sequence[Link]) -> None:
    """What is added up or kept once, and the memories of the merges above."""
    brought = chain[0].carried
    rows = once(chain, await repository.kept_once(tx, root))
    forget(chain)
    if brought.birth_month is not None:
        passed = [chain[0]]
        for link in chain[1:]:
            if link.carried.birth_month != brought.birth_month:
                break
            link.carried.birth_month = None
            passed.append(link)
        await repository.give_back_birth_month(tx, passed)
    await repository.save_memories(tx, chain[1:])
    await repository.part_rule_use(tx, root, restored, brought.rule_use)
    await repository.part_rows(tx, root, restored, rows)
    await repository.trust(tx, brought.referrals_changed)


async def _highest(tx: Tx, ladder: Ladder, chain: Sequence[Link]) -> str:
    """The highest tier that the survivor has without the restored one's.

    On the way up everybody has the tier from before its first merge, or one that others brought.
    """
    below: str | None = None
    for link in chain:
        first, brought = await repository.others(tx, link.into, link.absorbed)
        below = max((first, *brought, *([below] if below else [])), key=ladder.place)
        if link is not chain[-1]:
            below = await repository.lower(tx, ladder, link.into, below)
    assert below is not None, "the merge itself is in the chain"
    return below


async def _tiers(tx: Tx, ladder: Ladder, before: Member, restored: UUID, highest: str) -> None:
    """Who is on which tier, and since when. A split gives the survivor no higher one."""
    since = ladder.since(month_of(tx.now))
    both = (await members.lock(tx, [before.member_id, restored], since)).by_id
    steps = []
    for member_id, member in both.items():
        present = await _spent(tx, member)
        if member_id == restored:
            reached = climbed(present, ladder, month_of(tx.now))
        else:
            reached = ladder.climb(highest, present.standing(month_of(tx.now)))
            reached = min(present.tier, reached, key=ladder.place)
        after = present.moved(reached, day_of(tx.now))
        await members.save(tx, [after])
        if moved := step(present, reached, "split", tx.now):
            steps.append(moved)
    await record_steps(tx, steps)


async def _spent(tx: Tx, member: Member) -> Member:
    """With the spend of the last month that has an order."""
    ids = await members.everybody(tx, member.member_id)
    found = await repository.months(tx, ids)
    last = max(found, default=LONG_AGO)
    return replace(
        member,
        month=last,
        month_fen=found.get(last, NOTHING).fen,
        previous_fen=found.get(months_later(last, -1), NOTHING).fen,
    )
