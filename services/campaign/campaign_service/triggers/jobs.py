"""Time's part: waits that are over, on every tick; festivals, every midnight."""

from datetime import datetime
from uuid import UUID

from campaign_service.decisions.domain import Ask
from campaign_service.decisions.use_cases import Desk
from campaign_service.triggers import use_cases
from campaign_service.triggers.repository import FIRST
from chassis.database import Database
from chassis.jobs import DailyJob, TimedJob

CHUNK = 1_000  # waits a transaction


def jobs(desk: Desk) -> list[DailyJob | TimedJob]:
    """Asking when the time has come."""

    async def waits(db: Database, now: datetime) -> None:
        more = True
        while more:
            async with db.transaction() as tx:
                more = await use_cases.waited(tx, desk, now, CHUNK)

    async def festive(db: Database, now: datetime) -> None:
        async with db.transaction(readonly=True) as tx:
            wanted = await use_cases.festive(tx, now)
        for campaign_id, ask in wanted:
            await _everybody(db, desk, campaign_id, ask)

    return [TimedJob("triggers", waits), DailyJob("festivals", festive)]


async def _everybody(db: Database, desk: Desk, campaign_id: UUID, ask: Ask) -> None:
    """A transaction each so many members."""
    last: UUID | None = FIRST
    while last is not None:
        async with db.transaction() as tx:
            last = await use_cases.ask_some(tx, desk, campaign_id, ask, last)
