"""Time's edge."""

from datetime import datetime

from chassis.database import Database
from chassis.jobs import DailyJob
from points_service.programme import Programme
from points_service.reviews.use_cases import review, settle


def tier_review(programme: Programme) -> DailyJob:
    """The monthly review, asked about every midnight, on a ladder where everybody stands."""

    async def run(db: Database, midnight: datetime) -> None:
        await settle(db, programme.ladder_id)
        await review(db, programme.ladder_id, midnight)

    return DailyJob("tier_review", run)
