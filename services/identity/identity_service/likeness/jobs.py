"""Time's edge: newcomers at once, everybody at night."""

from datetime import datetime

from chassis.database import Database
from chassis.jobs import BackgroundJob, DailyJob
from identity_service.likeness.use_cases import compare_newcomers, hunt
from identity_service.settings import Settings

newcomers = BackgroundJob("likeness_of_newcomers", compare_newcomers)


def nightly_hunt(settings: Settings) -> DailyJob:
    """Learns of everybody, and proposes."""

    async def run(db: Database, midnight: datetime) -> None:
        await hunt(
            db, midnight, days=settings.likeness_days, merge_bits=settings.likeness_merge_bits
        )

    return DailyJob("likeness_hunt", run)
