"""Time's edge: what nobody has to be told any more."""

from datetime import datetime

from chassis.database import Database
from chassis.jobs import DailyJob
from identity_service.identifiers.repository import forget_changes


async def _forget(db: Database, _midnight: datetime) -> None:
    async with db.transaction() as tx:
        await forget_changes(tx)


changes_forgotten = DailyJob("ownership_changes_forgotten", _forget)
