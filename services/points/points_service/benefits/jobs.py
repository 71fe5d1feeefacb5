"""Time's edge."""

from datetime import datetime

from chassis.database import Database
from chassis.jobs import DailyJob, TimedJob
from points_service.benefits import desk
from points_service.benefits.applications import OVERDUE
from points_service.benefits.gifts import birthdays
from points_service.benefits.use_cases import tell
from points_service.programme import Programme

CHUNK = 500  # applications a transaction


def birthday_coupons(programme: Programme) -> DailyJob:
    """After the review of tiers: who climbed has the new tier's."""

    async def run(db: Database, midnight: datetime) -> None:
        await birthdays(db, programme.ladder_id, midnight)

    return DailyJob("birthday_coupons", run)


async def _tell(db: Database, now: datetime) -> None:
    told = CHUNK
    while told == CHUNK:
        async with db.transaction() as tx:
            overdue = await desk.tell_overdue(tx, now, CHUNK)
            for each in overdue:
                tell(tx, each, OVERDUE)
        told = len(overdue)


overdue_applications = TimedJob("overdue_applications", _tell)
