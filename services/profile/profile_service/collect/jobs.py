"""Forgetting old messageIds, and what third parties knew for a time."""

from datetime import datetime

from chassis.database import Database
from chassis.jobs import DailyJob
from profile_service.collect.use_cases import Collector


def jobs(collector: Collector) -> list[DailyJob]:
    """What runs at midnight."""

    async def forget(db: Database, now: datetime) -> None:
        async with db.transaction() as tx:
            await collector.forget(tx, now)

    return [DailyJob("seen_forget", forget)]
