"""Time's edge: rules begin and end with days."""

from datetime import datetime

from chassis.database import Database
from chassis.jobs import DailyJob
from points_service.programme import Programme
from points_service.rulebook.use_cases import publish


def rules_published(programme: Programme) -> DailyJob:
    """Keep a version of every day's rules, whether somebody reads them or not."""

    async def run(db: Database, _midnight: datetime) -> None:
        await publish(db, programme)

    return DailyJob("rules_published", run)
