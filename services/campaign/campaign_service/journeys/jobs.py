"""Time's edge: who is due goes on at every tick; the audience gets in at midnight."""

from datetime import datetime, timedelta

from campaign_service.decisions.use_cases import Desk
from campaign_service.journeys import repository, running, versions
from chassis.clock import local_date
from chassis.database import Database
from chassis.jobs import DailyJob, TimedJob

CHUNK = 1_000  # members taken on in a transaction
CHUNKS = 50  # of a journey in one tick: the others have a turn as well
AUDIENCE_CHUNK = 20_000
KEPT = timedelta(days=4)  # what happened, for who gets in late; longer for those on the way


def jobs(desk: Desk) -> list[TimedJob | DailyJob]:
    """The jobs of journeys."""

    async def walk(db: Database, now: datetime) -> None:
        async with db.transaction(readonly=True) as tx:
            watches = await running.other_watches(tx)
            due = await repository.due_journeys(tx, now)
        if watches is not None:
            async with db.transaction() as tx:
                await running.watch(tx, watches)
        for journey_id in due:
            for _ in range(CHUNKS):
                async with db.transaction() as tx:
                    if not await running.take_on(tx, desk, journey_id, now, CHUNK):
                        break
        more = True
        while more:
            async with db.transaction() as tx:
                more = await repository.end_finished(tx, now, AUDIENCE_CHUNK)

    return [TimedJob("journeys", walk), DailyJob("journey_audiences", _audiences),
            DailyJob("journey_signals", _trim)]  # fmt: skip


async def _audiences(db: Database, now: datetime) -> None:
    async with db.transaction(readonly=True) as tx:
        picking = await versions.picking_on(tx, local_date(now))
    for journey_id in picking:
        after = running.NOBODY
        while True:
            async with db.transaction() as tx:
                last = await running.let_audience_in(tx, journey_id, now, after, AUDIENCE_CHUNK)
            if last is None:
                break
            after = last


async def _trim(db: Database, now: datetime) -> None:
    async with db.transaction() as tx:
        await repository.trim(tx, now - KEPT)
