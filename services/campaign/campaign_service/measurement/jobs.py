"""Every midnight, windows that are over are settled."""

from datetime import datetime

from campaign_service.measurement import use_cases
from chassis.database import Database
from chassis.jobs import DailyJob


async def _settle(db: Database, now: datetime) -> None:
    async with db.transaction() as tx:
        await use_cases.settle(tx, now)


JOBS = [DailyJob("settle", _settle)]
