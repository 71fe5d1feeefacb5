"""Models on the platform's own data: lake, trainings, what they say, and how it goes."""

import time
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from services.profile.tests.world import World, member, order

from chassis.clock import PROGRAM_ZONE, DrivenClock
from chassis.problem import Problem
from contracts.events import RecordedOrder
from contracts.forecasts import StockBatch, StockLevel, TrainingRequest
from profile_service.forecasts import use_cases
from profile_service.forecasts.domain import Advice, offered, takes_over, words
from profile_service.forecasts.lake import Lake
from profile_service.forecasts.use_cases import Wish
from profile_service.insight import use_cases as insight
from profile_service.profiles import use_cases as profiles
from profile_service.rights import use_cases as rights
from profile_service.worth import use_cases as worth

START = datetime(2025, 1, 1, 12, tzinfo=PROGRAM_ZONE)
AS_OF = date(2025, 6, 1)
GOODS = [f"sku-{n}" for n in range(30)]


def bought(buyers: int, days: int = 150, seed: int = 3) -> list[RecordedOrder]:
    """Orders of members with rhythms and favourites of their own; some stop."""
    dice = np.random.default_rng(seed)
    made: list[RecordedOrder] = []
    for number in range(1, buyers + 1):
        gap, leaves = dice.gamma(2.0, 5.0) + 1, dice.exponential(200)
        mine = dice.choice(GOODS, 4, replace=False)
        day = dice.uniform(0, 30)
        while day < min(days, leaves):
            items = [(str(sku), 1, int(dice.integers(200, 2000))) for sku in dice.choice(mine, 2)]
            at = START + timedelta(days=float(day))
            made.append(order(f"o-{number}-{len(made)}", member(number), at=at, items=items))
            day += dice.exponential(gap)
    return made


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(tmp_path / "lake")


async def shopped(world: World, buyers: int) -> None:
    for number in range(1, buyers + 1):
        await world.register(number, START)
    await world.record(*bought(buyers))


async def train(world: World, lake: Lake, *names: str) -> None:
    async with world.db.transaction() as tx:
        for name in names:
            await use_cases.ask(tx, name, TrainingRequest(as_of=AS_OF, horizon_days=30))
    assert await use_cases.train_waiting(world.db, lake) == len(names)


async def advised(world: World, number: int, **wish: Any) -> Any:
    async with world.db.transaction(readonly=True) as tx:
        return await use_cases.recommendations(tx, member(number), Wish(**wish))


def subjects(lake: Lake) -> set[int]:
    files = list(lake.folder.rglob("*.parquet"))
    return set(pl.concat([pl.read_parquet(file) for file in files])["subject"]) if files else set()


async def test_the_lake_follows_the_tables(world: World, lake: Lake) -> None:
    for number in (1, 2):
        await world.register(number, START)
    late = datetime(2025, 1, 31, 23, 30, tzinfo=PROGRAM_ZONE)
    await world.record(order("a", member(1), at=late, items=[("x", 2, 300), ("y", 1, 50)]))
    await world.record(order("b", member(2), at=late + timedelta(hours=1)))
    assert await lake.write(world.db) == 2
    assert await lake.write(world.db) == 0
    january = pl.read_parquet(next(lake.folder.glob("purchase/month=2025-01/*.parquet")))
    assert january.select("sku", "quantity", "amount_fen").rows() == [("x", 2, 300), ("y", 1, 50)]
    assert january["at"][0] == late.replace(tzinfo=None)
    await world.refund("a", "r-1", member(1), 50)  # booked in March 2017
    assert await lake.write(world.db) == 1
    async with world.db.transaction() as tx:
        await rights.erase_with_lake(tx, lake, [member(1)])
    assert len(subjects(lake)) == 1
    await lake.write(world.db)
    assert [path.name for path in (lake.folder / "purchase").iterdir() if any(path.iterdir())] == [
        "month=2025-02"
    ]


async def test_models_say_what_they_expect_and_it_goes_with_the_member(
    world: World, lake: Lake
) -> None:
    await shopped(world, 160)
    buyers = len({each.member_id for each in bought(160)} - {member(5)})
    await world.register(900, START)  # never bought
    async with world.db.transaction() as tx:
        await rights.object_to(tx, [member(5)])
    await train(world, lake, "clv", "churn", "recommend")
    async with world.db.transaction(readonly=True) as tx:
        seen = {one.name: one for one in (await use_cases.models(tx)).data}
        report = await use_cases.report(tx, "churn")
        profile = await profiles.profile(tx, member(1))
        ahead = await insight.outlook(tx)
        told = await tx.fetchval(
            "SELECT count(*) FROM outbox WHERE subject = 'profile.churn_risk_raised.v1'"
        )
        high = await tx.fetchval(
            "SELECT count(*) FROM forecast WHERE name = 'churn' AND value >= .8"
        )
    await worth.reckon_waiting(world.db, world.db.clock.now())
    async with world.db.transaction(readonly=True) as tx:
        valued = await profiles.profile(tx, member(1))
        bands = dict(await tx.fetch("SELECT band, count(*) FROM member_worth GROUP BY 1"))
    assert {one.status for one in seen.values()} == {"done"}, seen
    assert all(one.accepted and one.figures for one in seen.values())
    assert report.plots and report.held_out and report.held_out.members > 0
    assert report.calibration_table and report.check and report.check.baseline == "recency"
    assert report.check.promoted == (report.champion != "recency")
    assert ahead.leaving and ahead.sales is None
    assert 0 <= ahead.leaving.leaving.low <= ahead.leaving.leaving.expected <= buyers
    assert profile.clv and profile.churn and profile.churn.reasons
    assert profile.clv.band is None and valued.clv and valued.clv.band
    assert valued.clv.yearly_spend and valued.clv.yearly_spend.amount > profile.clv.spend.amount
    assert valued.clv.expected_years and 1 <= valued.clv.expected_years <= 3
    assert told == (1 if high else 0)
    assert bands["high"] / buyers == pytest.approx(0.2, abs=0.01)
    assert bands["low"] / buyers == pytest.approx(0.2, abs=0.01)
    assert await world.value("SELECT count(*) FROM forecast WHERE name = 'churn'") == buyers

    first = await advised(world, 1)
    assert first.personalised and len(first.data) == 10
    assert {"您常买"} <= {one.zh for one in first.data}
    fresh = await advised(world, 1, fresh=True)
    had = {sku for each in bought(160) if each.member_id == member(1) for sku, _, _ in each.items}
    assert not {one.sku for one in fresh.data} & had
    assert any(one.because in had for one in fresh.data)
    for number in (5, 900):  # objects; bought nothing
        general = await advised(world, number)
        assert not general.personalised and len(general.data) == 10
    assert not (await advised(world, 1, personal=False)).personalised

    async with world.db.transaction() as tx:
        await rights.erase_with_lake(tx, lake, [member(2)])
        await rights.object_to(tx, [member(3)])
    assert await world.value("SELECT count(*) FROM forecast WHERE name = 'churn'") == buyers - 2
    with pytest.raises(Problem):
        await advised(world, 2)


async def test_what_is_out_of_stock_is_not_offered(world: World, lake: Lake) -> None:
    await shopped(world, 80)
    await train(world, lake, "recommend")
    gone = [one.sku for one in (await advised(world, 1)).data[:4]]
    async with world.db.transaction() as tx:
        levels = [StockLevel(sku, on_hand) for sku in gone for on_hand in (3, 0)]
        assert (await use_cases.write_stock(tx, StockBatch(levels))).received == len(gone)
    left = await advised(world, 1)
    assert len(left.data) == 10 and not {one.sku for one in left.data} & set(gone)
    async with world.db.transaction() as tx:
        await use_cases.write_stock(tx, StockBatch([StockLevel(gone[0], 1)]))
    assert gone[0] in {one.sku for one in (await advised(world, 1)).data}
    took = []
    for _ in range(100):
        begun = time.perf_counter()
        await advised(world, 1)
        took.append(time.perf_counter() - begun)
    print(f"recommendations: p50 {np.median(took) * 1e3:.1f} ms, worst {max(took) * 1e3:.1f} ms")


async def test_a_training_without_data_says_so(world: World, lake: Lake) -> None:
    await train(world, lake, "clv")
    async with world.db.transaction(readonly=True) as tx:
        (only,) = (await use_cases.models(tx)).data
        assert (only.status, only.accepted) == ("failed", False)
        assert only.error == "nothing was bought yet"
        with pytest.raises(Problem):
            await use_cases.report(tx, "clv")


async def test_trainings_come_by_themselves(world: World, clock: DrivenClock) -> None:
    async def queued() -> int:
        return int(await world.value("SELECT count(*) FROM model_version WHERE status = 'queued'"))

    now = world.db.clock.now()
    await use_cases.ask_when_due(world.db, now, 0)
    assert await queued() == 0
    for ahead, expected in ((0, 5), (6, 5), (8, 10)):
        await use_cases.ask_when_due(world.db, now + timedelta(days=ahead), 7)
        assert await queued() == expected


def test_versions_take_over_unless_clearly_worse() -> None:
    assert takes_over("clv", 0.80, 0.83) and not takes_over("clv", 0.70, 0.83)
    assert takes_over("churn", 0.095, 0.09) and not takes_over("churn", 0.12, 0.09)
    assert takes_over("recommend", None, 0.4) and takes_over("recommend", 0.1, None)


def test_offers_in_words() -> None:
    mine = [Advice("a", None, own=True), Advice("b", "a", own=False)]
    fill = [Advice(sku, None, own=False, among="store") for sku in ("b", "c", "d")]
    made = offered(mine, fill, frozenset({"a", "c"}), 3)
    assert [(each.sku, each.among) for each in made] == [("b", None), ("d", "store")]
    assert words(made[1], {})[0] == "这家门店的会员最近常买"
    assert words(mine[0], {}) == ("您常买", "you buy it often")
    assert words(mine[1], {"a": "牛奶"})[0] == "因为您买过牛奶"
    assert words(Advice("c", None, own=False), {})[0] == "许多会员最近在买"
