"""Time's edge."""

from datetime import datetime

from chassis.database import Database
from chassis.jobs import DailyJob, TimedJob
from points_service.birthdays.use_cases import forget, give
from points_service.programme import Programme


def birthday_coupons(programme: Programme) -> TimedJob:
    """From the first moment of the day, and after the review of tiers: who climbed has more."""

    async def run(db: Database, now: datetime) -> None:
        await give(db, programme.ladder_id, now)

    return TimedJob("birthday_coupons", run)


birthdays_forgotten = DailyJob("birthdays_forgotten", forget)
