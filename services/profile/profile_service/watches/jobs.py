"""In the background: who wanted goods that are there again."""

from datetime import datetime

from chassis.database import Database
from chassis.jobs import BackgroundJob
from profile_service.watches import use_cases


async def _tell(db: Database, _now: datetime) -> None:
    more = True
    while more:
        async with db.transaction() as tx:
            more = await use_cases.tell_restocks(tx)


JOBS = [BackgroundJob("restocks", _tell, share=0.5)]
