"""On every tick, what is due leaves."""

from datetime import datetime

from campaign_service.decisions.domain import QuietHours
from campaign_service.deliveries import use_cases
from campaign_service.links.domain import Linker
from chassis.database import Database
from chassis.jobs import TimedJob

CHUNK = 1000  # messages a transaction


def jobs(quiet: QuietHours, linker: Linker) -> list[TimedJob]:
    """Releasing, outside quiet hours."""

    async def release(db: Database, now: datetime) -> None:
        more = True
        while more:
            async with db.transaction() as tx:
                more = await use_cases.release(tx, quiet, linker, now, CHUNK)

    return [TimedJob("release", release)]
