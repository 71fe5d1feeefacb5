"""Trainings are asked for every so many days, and run beside everything else."""

from datetime import datetime

from chassis.database import Database
from chassis.jobs import AnyJob, BackgroundJob, DailyJob
from profile_service.forecasts import use_cases
from profile_service.forecasts.lake import Lake


def jobs(lake: Lake, every_days: int) -> list[AnyJob]:
    """What runs at midnight, and again and again."""

    async def ask(db: Database, now: datetime) -> None:
        await use_cases.ask_when_due(db, now, every_days)

    async def train(db: Database, _now: datetime) -> None:
        await use_cases.train_waiting(db, lake)

    return [DailyJob("training_due", ask), BackgroundJob("training", train)]
