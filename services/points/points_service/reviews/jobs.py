"""Time's edge."""

from datetime import datetime

from chassis.database import Database
from chassis.jobs import DailyJob
from points_service.programme import Programme
from points_service.reviews.use_cases import review


def tier_review(programme: Programme) -> DailyJob:
    """The monthly review, asked about every midnight."""

    async def run(db: Database, midnight: datetime) -> None:
        await review(db, programme.ladder_id, midnight)

    return DailyJob("tier_review", run)
