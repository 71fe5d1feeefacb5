"""What is told of everybody once a day."""

from datetime import date, datetime, timedelta
from typing import Any

import msgspec
from services.profile.tests.world import World, member, order

from chassis.clock import PROGRAM_ZONE, DrivenClock, midnight
from contracts.daily_figures import DailyFigures, FigureRow
from profile_service.daily import jobs
from profile_service.forecasts import repository as forecast_rows
from profile_service.forecasts.domain import Version


async def told(world: World) -> list[DailyFigures]:
    async with world.db.transaction(readonly=True) as tx:
        rows = await tx.fetch(
            "SELECT payload FROM outbox WHERE subject = $1 ORDER BY id", DailyFigures.subject
        )
    return [msgspec.json.decode(row["payload"], type=DailyFigures) for row in rows]


async def test_everybody_in_sums_and_nobody_by_name(world: World, clock: DrivenClock) -> None:
    clock.move(midnight(date(2017, 6, 1)), ticking=False)
    moment = datetime(2017, 1, 2, tzinfo=PROGRAM_ZONE)
    for number in (1, 2, 3, 4):
        await world.register(number, moment)
    for number, at, channel in ((1, "2017-05-30", "pos"), (2, "2017-05-01", "app"),
                                (3, "2017-02-01", "pos"), (1, "2017-05-02", "app"),
                                (1, "2017-05-03", "pos")):  # fmt: skip
        paid = datetime.fromisoformat(at).replace(tzinfo=PROGRAM_ZONE)
        await world.record(order(f"{number}{at}", member(number), at=paid, channel=channel))
    async with world.db.transaction() as tx:
        ids = await world.ids.of(tx, [member(n) for n in (2, 3)])
        chances: list[Any] = [(ids[member(n)], 0.9, {"reasons": []}) for n in (2, 3)]
        await forecast_rows.replace(tx, Version("churn", 1, date(2017, 6, 1), 30), chances)
    for job in jobs.JOBS:
        await job.run(world.db, midnight(date(2017, 5, 31)))  # passed: others stand now
        assert await told(world) == []
        await job.run(world.db, midnight(date(2017, 6, 1)))
    (event,) = await told(world)
    assert event.day == date(2017, 6, 1) - timedelta(days=1)
    found = {(row.by, row.key): row for row in event.rows}
    assert found["all", ""] == FigureRow("all", "", 4, 1, 1, 0, 0, 0)  # 3 is lost, not at risk
    assert (found["channel", "pos"].members, found["channel", "app"].members) == (2, 1)
