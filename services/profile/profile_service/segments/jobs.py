"""Bitmaps follow what other processes write, so that nobody has to wait for it who asks."""

from datetime import datetime

from chassis.database import Database
from chassis.jobs import BackgroundJob
from profile_service.segments.bitmaps import Bitmaps


def jobs(bitmaps: Bitmaps) -> list[BackgroundJob]:
    """What runs again and again."""

    async def follow(db: Database, _now: datetime) -> None:
        async with db.transaction(readonly=True) as tx:
            await bitmaps.follow(tx)

    return [BackgroundJob("segments_follow", follow)]
