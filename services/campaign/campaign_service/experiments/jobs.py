"""Every midnight, bandits learn from what was settled."""

from datetime import datetime

from campaign_service.experiments import use_cases
from chassis.database import Database
from chassis.jobs import DailyJob


async def _learn(db: Database, now: datetime) -> None:
    async with db.transaction() as tx:
        await use_cases.learn(tx, now)


JOBS = [DailyJob("learn", _learn)]
