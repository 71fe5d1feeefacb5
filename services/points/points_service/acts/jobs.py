"""Acts that nobody has come for."""

from datetime import datetime, timedelta

from chassis.database import Database
from chassis.jobs import DailyJob
from points_service.acts import repository
from points_service.programme import Programme


def acts_forgotten(programme: Programme) -> DailyJob:
    """Every midnight."""

    async def run(db: Database, midnight: datetime) -> None:
        async with db.transaction() as tx:
            before = midnight - timedelta(days=programme.parked_days)
            await repository.forget_parked(tx, before)

    return DailyJob("acts_forgotten", run)
