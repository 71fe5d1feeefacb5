"""Keep announced birthdays; on the day, give what the member's tier gives for it."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from chassis.database import Database, Tx
from contracts.events import BirthdaysAnnounced
from points_service.benefits import gifts
from points_service.benefits.domain import Occasion
from points_service.birthdays import repository
from points_service.calendar import day_of, start_of
from points_service.members import repository as members

CHUNK = 2000  # members a transaction
ASKED_FOR = timedelta(days=62)  # so long after the day an order of it may come


async def hear(tx: Tx, events: Sequence[BirthdaysAnnounced]) -> None:
    """Told again, or after a merge, a member has one birthday a year."""
    told = {(member_id, event.day) for event in events for member_id in event.members}
    living = await members.survivors(tx, {member_id for member_id, _ in told})
    await repository.add(tx, sorted({(living.get(who, who), day) for who, day in told}))


async def give(db: Database, ladder_id: str, now: datetime) -> None:
    """Everything that is due, days that were missed first. Run again, nothing more is given."""
    while True:
        async with db.transaction() as tx:
            due = await repository.due(tx, day_of(now), CHUNK)
            if not due:
                return
            day = due[0][1]
            holders = await members.lock(tx, [member_id for member_id, _ in due])
            born = sorted({holder.member_id for who, _ in due if (holder := holders.get(who))})
            refs = [(member_id, f"{member_id}/{day.year}") for member_id in born]
            await gifts.give(tx, ladder_id, Occasion.BIRTHDAY, refs, at=start_of(day))
            await repository.given(tx, born, day.year)


async def forget(db: Database, midnight: datetime) -> None:
    """Drop days that nobody asks about any more."""
    async with db.transaction() as tx:
        await repository.forget(tx, day_of(midnight - ASKED_FOR))
