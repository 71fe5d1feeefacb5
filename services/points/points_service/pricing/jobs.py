"""Quotes that nobody used do not stay for ever."""

from datetime import datetime, timedelta

from chassis.database import Database
from chassis.jobs import DailyJob
from points_service.pricing import repository

KEPT_FOR = timedelta(days=30)  # tills that were off line name them late


async def _forget(db: Database, now: datetime) -> None:
    async with db.transaction() as tx:
        await repository.forget(tx, now - KEPT_FOR)


quotes_forgotten = DailyJob("quotes_forgotten", _forget)
