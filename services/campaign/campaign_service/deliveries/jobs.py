"""On every tick, what is due leaves."""

from datetime import datetime

from campaign_service.deliveries import use_cases
from campaign_service.deliveries.use_cases import Out
from chassis.database import Database
from chassis.jobs import TimedJob

CHUNK = 1000  # messages a transaction


def jobs(out: Out) -> list[TimedJob]:
    """Releasing, outside quiet hours."""

    async def release(db: Database, now: datetime) -> None:
        more = True
        while more:
            async with db.transaction() as tx:
                more = await use_cases.release(tx, out, now, CHUNK)

    return [TimedJob("release", release)]
