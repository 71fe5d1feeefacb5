"""Every midnight, every running campaign decides."""

from datetime import datetime

from campaign_service.decisions import use_cases
from campaign_service.decisions.use_cases import Desk
from chassis.database import Database
from chassis.jobs import DailyJob

CHUNK = 5_000  # members a transaction: triggers wait for one


def jobs(desk: Desk) -> list[DailyJob]:
    """The daily decisions of a desk."""

    async def decide(db: Database, now: datetime) -> None:
        async with db.transaction(readonly=True) as tx:
            due = await use_cases.due_campaigns(tx, desk, now)
        for campaign_id in due:  # one after the other: each sees the messages of those before
            more = True
            while more:
                async with db.transaction() as tx:
                    more = await use_cases.run_campaign(tx, campaign_id, desk, now, CHUNK)

    return [DailyJob("decide", decide)]
