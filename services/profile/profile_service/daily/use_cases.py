"""Tell how everybody stands."""

from datetime import datetime, timedelta

from chassis.clock import local_date
from chassis.database import Database
from contracts.daily_figures import DailyFigures
from profile_service.daily import repository
from profile_service.tags.rules.lifecycle import LOST_AFTER

HIGH_RISK = 0.8
ENOUGH_TAGS = 5


async def tell(db: Database, due: datetime) -> None:
    """Figures of the day that ends at `due`. Where the clock went over several days only the last
    is told: nobody knows any more how the others stood."""
    if local_date(db.clock.now()) > local_date(due):
        return
    async with db.transaction() as tx:
        rows = await repository.figures(tx, due - LOST_AFTER, HIGH_RISK, ENOUGH_TAGS)
        tx.publish(DailyFigures(local_date(due) - timedelta(days=1), rows))
