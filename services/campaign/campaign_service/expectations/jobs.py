"""Every week, what was measured is learnt."""

from datetime import datetime

from campaign_service.expectations.learning import learn
from campaign_service.measurement.domain import Terms
from chassis.database import Database
from chassis.jobs import DailyJob


def jobs(terms: Terms) -> list[DailyJob]:
    """Learning, by what money is reckoned with."""

    async def run(db: Database, now: datetime) -> None:
        await learn(db, terms, now)

    return [DailyJob("expect", run)]
