"""RFM: small cases by hand, and the year of the real supermarket."""

from datetime import datetime, timedelta
from uuid import UUID

import pytest
from services.profile.tests.world import NOON, World, days, member, order

from allinone.demo import dataset
from chassis.clock import PROGRAM_ZONE, DrivenClock, local_date
from chassis.problem import Problem
from contracts.events import RecordedOrder
from contracts.points.common import Words
from contracts.rfm import RfmReport, RfmStrategyBody
from profile_service.conditions import repository as condition_rows
from profile_service.conditions.domain import Leaf
from profile_service.conditions.rules.rfm import Bands
from profile_service.profiles import use_cases as profiles
from profile_service.purchases import repository
from profile_service.rfm import use_cases as rfm
from profile_service.rfm.strategies import CELLS, shipped
from profile_service.rfm.use_cases import Scheme
from profile_service.rights import use_cases as rights
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


def test_each_cell_has_a_strategy_of_its_own_in_both_languages() -> None:
    assert set(shipped()) == set(CELLS) and len(CELLS) == 27
    for of in ("name", "who", "action", "offer"):
        words = [getattr(strategy, of) for strategy in shipped().values()]
        assert len({each.zh for each in words}) == len({each.en for each in words}) == 27, of
        assert all(any("\u4e00" <= sign <= "\u9fff" for sign in each.zh) for each in words)
        assert all(each.en.isascii() for each in words)


async def test_cells_profiles_and_segments_agree(world: World, clock: DrivenClock) -> None:
    """On the borders of the bands too: 30 and 31, 90 and 91 programme days, and with a refund."""
    clock.move(NOON, ticking=False)
    number = 0
    for ago in (0, 30, 31, 90, 91):
        for orders, fen in ((1, 100), (2, 4_000), (5, 900)):
            number += 1
            await world.register(number, NOON - days(100))
            late = timedelta(hours=11 if ago else 0)  # 31 days ago is that though 30.5 are over
            times = [NOON - days(ago) + late - timedelta(minutes=n) for n in range(orders)]
            await world.record(*(
                order(f"{number}-{n}", member(number), at=at, items=[("x", 1, fen)])
                for n, at in enumerate(times)
            ))  # fmt: skip
    await world.refund("1-0", "r", member(1), 100)
    await tags.measure_population(world.db, NOON)
    await tags.review_due(world.db, NOON)
    async with world.db.transaction() as tx:
        await rights.object_to(tx, [member(2)])
    async with world.db.transaction(readonly=True) as tx:
        told = await rfm.cells(tx)
        seen = [(await profiles.profile(tx, member(n))).rfm for n in range(1, number + 1) if n != 2]
        assert not told.unmeasured and told.members == number - 1
        for row in told.data:
            bands = [(int(band),) for band in row.cell.split("-")]
            true = await condition_rows.true_of_everybody(tx, Leaf(Bands(*bands)), local_date(NOON))
            mine = [each for each in seen if each and each.cell == row.cell]
            assert row.members == len(true) == len(mine), row.cell
            assert all(each.strategy == row.strategy for each in mine)
    assert {row.cell[0] for row in told.data if row.members} == {"1", "2", "3"}
    assert sum(row.members for row in told.data if row.cell[0] == "1") == 5


async def test_a_shop_writes_its_own_strategy(world: World, clock: DrivenClock) -> None:
    clock.move(NOON, ticking=False)
    await world.register(1)
    await world.record(order("1", member(1)))
    words = Words(zh="甲", en="a")
    body = RfmStrategyBody(
        name=words, who=words, action=words, offer=words, channels=["sms"], every_days=3
    )
    async with world.db.transaction() as tx:
        saved = await rfm.define(tx, "1-1-1", body, "planner-1")
        (row,) = [each for each in (await rfm.cells(tx)).data if each.cell == "1-1-1"]
        seen = (await profiles.profile(tx, member(1))).rfm
        assert seen and row.members == 1
        assert row.strategy == seen.strategy == saved and saved.changed_by == "planner-1"
        assert await rfm.restore(tx, "1-1-1") == shipped()["1-1-1"]
        assert (await rfm.cells(tx)).data[8].strategy == shipped()["1-1-1"]
        with pytest.raises(Problem):
            await rfm.define(tx, "1-1-4", body, "planner-1")
