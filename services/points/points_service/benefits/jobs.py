"""Time's edge."""

from datetime import datetime

from chassis.database import Database
from chassis.jobs import TimedJob
from points_service.benefits import desk
from points_service.benefits.applications import OVERDUE
from points_service.benefits.use_cases import tell

CHUNK = 500  # applications a transaction


async def _tell(db: Database, now: datetime) -> None:
    told = CHUNK
    while told == CHUNK:
        async with db.transaction() as tx:
            overdue = await desk.tell_overdue(tx, now, CHUNK)
            for each in overdue:
                tell(tx, each, OVERDUE)
        told = len(overdue)


overdue_applications = TimedJob("overdue_applications", _tell)
