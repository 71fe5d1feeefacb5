"""On the 1st everybody is measured by the month just ended, up and down."""

from collections import defaultdict
from datetime import date, datetime
from uuid import UUID

from chassis.database import Database, Tx
from contracts.points.tiers import TierLadder, TierLadderChange
from contracts.points_events import TierWarned
from points_service.calendar import day_of, months_later
from points_service.members import repository as members
from points_service.members.domain import step
from points_service.programme import Programme
from points_service.reviews import repository
from points_service.reviews.domain import judge
from points_service.reviews.repository import Warned
from points_service.tiers import repository as tiers
from points_service.tiers import use_cases as ladders
from points_service.tiers.domain import Ladder

CHUNK = 5000  # members a transaction
FIRST = UUID(int=0)


async def review(db: Database, ladder_id: str, midnight: datetime) -> None:
    """Re-evaluate all members if this midnight begins a month. Run again, it changes nothing."""
    today = day_of(midnight)
    if today.day != 1:
        return
    async with db.transaction(readonly=True) as tx:
        ladder = await tiers.ladder(tx, ladder_id)
    last: UUID | None = FIRST
    while last is not None:
        async with db.transaction() as tx:
            ids = await members.page(tx, last, CHUNK)
            await _review_some(tx, ladder, ids, today, midnight)
        last = ids[-1] if ids else None


async def _review_some(
    tx: Tx, ladder: Ladder, ids: list[UUID], today: date, midnight: datetime
) -> None:
    known = (await members.lock(tx, ids, ladder.since(months_later(today, -1)))).by_id.values()
    judged = [(before, judge(before, ladder, today)) for before in known]
    changed = [(before, each) for before, each in judged if each.member != before]
    await members.save(tx, [each.member for _, each in changed])
    steps = [step(before, each.member.tier, "review", midnight) for before, each in changed]
    await ladders.record(tx, [each for each in steps if each])
    await _warn(
        tx,
        [
            Warned(after.member_id, today, after.tier, each.falls_to, after.falls_on)
            for _, each in changed
            for after in (each.member,)
            if each.falls_to and after.falls_on
        ],
    )


async def _warn(tx: Tx, warned: list[Warned]) -> None:
    await repository.add(tx, warned)
    by_day: defaultdict[date, list[tuple[UUID, str, str]]] = defaultdict(list)
    for each in warned:
        by_day[each.falls_on].append((each.member_id, each.tier, each.falls_to))
    for day, rows in by_day.items():
        tx.publish(TierWarned(day, rows))


async def bring(
    db: Database, programme: Programme, ladder_id: str, request: TierLadderChange, who: str
) -> TierLadder:
    """A new version of a ladder; if members climb it, they go along.

    Raises Problem 422 with pointers. If it is cut short, the next midnight takes the rest along.
    """
    async with db.transaction() as tx:
        await ladders.change(tx, programme, ladder_id, request, who)
    if ladder_id == programme.ladder_id:
        await settle(db, ladder_id)
    async with db.transaction(readonly=True) as tx:
        return await ladders.show(tx, programme, ladder_id)


async def settle(db: Database, ladder_id: str) -> None:
    """Members whose tier is not on the ladder get the one that stands for it there."""
    last: UUID | None = FIRST
    while last is not None:
        async with db.transaction() as tx:
            ladder = await tiers.ladder(tx, ladder_id)
            names = [rung.name for rung in ladder.rungs]
            ids = await repository.strangers(tx, names, last, CHUNK)
            known = (await members.lock(tx, ids)).by_id.values() if ids else ()
            moved = [
                (before, before.moved(ladder.rung(before.tier).name, day_of(tx.now)))
                for before in known
            ]
            await members.save(tx, [after for _, after in moved])
            steps = [step(before, after.tier, "ladder", tx.now) for before, after in moved]
            await ladders.record(tx, [each for each in steps if each])
        last = ids[-1] if ids else None
