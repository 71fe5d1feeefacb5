"""Every midnight, every running campaign decides."""

from datetime import datetime

from campaign_service.decisions import use_cases
from campaign_service.decisions.use_cases import Desk
from chassis.database import Database
from chassis.jobs import DailyJob


def jobs(desk: Desk) -> list[DailyJob]:
    """The daily decisions of a desk."""

    async def decide(db: Database, now: datetime) -> None:
        async with db.transaction(readonly=True) as tx:
            due = await use_cases.due_campaigns(tx, now)
        for campaign_id in due:  # a transaction each: the next sees the messages of the one before
            async with db.transaction() as tx:
                await use_cases.run_campaign(tx, campaign_id, desk, now)

    return [DailyJob("decide", decide)]
