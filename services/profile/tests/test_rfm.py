"""RFM: small cases by hand, and the year of the real supermarket."""

from datetime import datetime, timedelta
from uuid import UUID

import pytest
from services.profile.tests.world import NOON, World, days, member, order

from allinone.demo import dataset
from chassis.clock import PROGRAM_ZONE, DrivenClock
from contracts.events import RecordedOrder
from contracts.profile import RfmReport
from profile_service.purchases import repository
from profile_service.rfm import use_cases as rfm
from profile_service.rfm.use_cases import Scheme
from profile_service.tags import use_cases as tags


async def report(world: World, at: datetime, scheme: Scheme = "terciles") -> RfmReport:
    async with world.db.transaction(readonly=True) as tx:
        return await rfm.report(tx, at, scheme)


async def test_nobody_has_bought(world: World) -> None:
    empty = await report(world, NOON)
    assert (empty.members, empty.cells, empty.bounds) == (0, {}, None)
    assert (await report(world, NOON, "days")).cells == {}


async def test_bands_and_refunds(world: World) -> None:
    for number, (ago, orders, fen) in enumerate([(1, 3, 100), (30, 2, 200), (95, 1, 900)]):
        for n in range(orders):
            at = NOON - days(ago + n) + timedelta(seconds=1)
            await world.record(order(f"{number}-{n}", member(number), at=at, items=[("x", 1, fen)]))
    await world.record(order("later", member(9), at=NOON))  # not before `at`
    got = await report(world, NOON)
    assert got.members == 3
    assert got.bounds is not None
    assert got.bounds["frequency"] == pytest.approx((1 + 2 / 3, 2 + 1 / 3))
    assert got.cells == {"1-3-1": 1, "2-2-2": 1, "3-1-3": 1}
    assert (await report(world, NOON, "days")).cells == {"<=30": 2, ">90": 1}
    await world.refund("2-0", "r", member(2), 850)
    assert (await report(world, NOON + timedelta(seconds=1))).cells.keys() != got.cells.keys()


async def test_the_year_of_the_supermarket(world: World) -> None:
    """26 of 27 cells of 2,446 households on the first of October, as anybody can count."""
    october = datetime(2017, 10, 1, tzinfo=PROGRAM_ZONE)
    baskets = dataset.load().baskets.select("basket_id", "household_id", "at", "paid_fen")
    orders = [
        RecordedOrder(str(basket), UUID(int=who), "1", "pos", paid_at, fen, 0, 0, [])
        for basket, who, at, fen in baskets.iter_rows()
        if (paid_at := at.replace(tzinfo=PROGRAM_ZONE)) < october + days(1)
    ]
    async with world.db.transaction() as tx:
        ids = await world.ids.of(tx, {order.member_id for order in orders})
        await world.purchases.partitions.months(tx, "purchase", [o.paid_at for o in orders])
        await repository.add_orders(tx, ((ids[o.member_id], o) for o in orders))
    got = await report(world, october)
    assert (len(got.cells), got.members, sum(got.cells.values())) == (26, 2_446, 2_446)
    bands = await report(world, october, "days")
    assert bands.cells == {"<=30": 2_045, "31-90": 272, ">90": 129}


async def test_the_population_is_measured_once_and_then_on_the_first(
    world: World, clock: DrivenClock
) -> None:
    await world.register(1)
    await world.record(order("1", member(1), at=NOON - days(20), items=[("x", 1, 5_000)]))
    for day, measured in ((NOON, 1), (NOON + days(1), 1), (datetime(2017, 4, 1, 1), 2)):
        moment = day.replace(tzinfo=PROGRAM_ZONE)
        clock.move(moment, ticking=False)
        await tags.measure_population(world.db, moment)
        assert await world.value("SELECT count(*) FROM population") == measured
    async with world.db.transaction() as tx:
        found = (await tags.counts(tx)).data
    assert ("high_value", None, 1) in [(row.tag, row.value, row.members) for row in found]
