"""Clusters are found every so many days, beside everything else."""

from datetime import datetime

from chassis.database import Database
from chassis.jobs import AnyJob, BackgroundJob, DailyJob
from profile_service.clusters import use_cases


def jobs(every_days: int) -> list[AnyJob]:
    """What runs at midnight, and again and again."""

    async def ask(db: Database, now: datetime) -> None:
        await use_cases.ask_when_due(db, now, every_days)

    async def find(db: Database, _now: datetime) -> None:
        await use_cases.find_waiting(db)

    return [DailyJob("clusters_due", ask), BackgroundJob("clusters", find)]
