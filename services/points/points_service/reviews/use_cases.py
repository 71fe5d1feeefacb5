"""On the 1st everybody is measured by the month just ended, up and down."""

from dataclasses import replace
from datetime import date, datetime
from uuid import UUID

from chassis.database import Database, Tx
from points_service.calendar import day_of, months_later
from points_service.members import repository as members
from points_service.members.domain import step
from points_service.tiers import repository as tiers
from points_service.tiers.domain import Ladder
from points_service.tiers.use_cases import record

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
            await _review_some(tx, ladder, ids, months_later(today, -1), midnight)
        last = ids[-1] if ids else None


async def _review_some(
    tx: Tx, ladder: Ladder, ids: list[UUID], month: date, midnight: datetime
) -> None:
    known = (await members.lock(tx, ids)).by_id.values()
    reviewed = [(member, ladder.review(member.standing(month))) for member in known]
    moved = [(member, tier) for member, tier in reviewed if tier != member.tier]
    await members.save(tx, [replace(member, tier=tier) for member, tier in moved])
    steps = [step(member, tier, "review", midnight) for member, tier in moved]
    await record(tx, [each for each in steps if each])
