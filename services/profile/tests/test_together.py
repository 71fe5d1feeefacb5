"""What is bought together, what newcomers are offered, and what is to be expected."""

from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from services.profile.tests.test_forecasts import START, advised, lake, train
from services.profile.tests.test_models import SCHEMA, quiet
from services.profile.tests.world import World, member, order

from contracts.forecasts import StockBatch, StockLevel
from profile_service.forecasts import use_cases as forecasts
from profile_service.forecasts.lake import Lake
from profile_service.insight import use_cases as insight
from profile_service.models import newcomers, pairs, weekly
from profile_service.models.champion import RULES, Rule, checked, chosen
from profile_service.models.leaving import Backtest, expected
from profile_service.models.shopping import Unusable, shape
from profile_service.together import use_cases as together

__all__ = ["lake"]
MILK, BREAD, TEA, SOAP = "milk", "bread", "tea", "soap"


async def shopped(world: World, days: int = 150) -> None:
    """Bread goes with milk; tea is sold in s-2 only; women in their thirties buy soap."""
    dice = np.random.default_rng(7)
    orders = []
    for number in range(1, 41):
        old = number % 2
        await world.register(
            number, START, gender="female" if old else "male", birth_year=1990 if old else 1970,
            city="北京" if number < 20 else "上海",
        )  # fmt: skip
        store = "s-1" if number <= 20 else "s-2"
        for visit in range(0, days, 8):
            items = [(f"other-{dice.integers(40)}", 1, 100)]
            if dice.random() < 0.5:
                items += [(MILK, 1, 300), (BREAD, 1, 200)] if dice.random() < 0.8 else [
                    (MILK, 1, 300)
                ]  # fmt: skip
            items += [(TEA, 1, 900)] if store == "s-2" else []
            items += [(SOAP, 1, 400)] if old else []
            at = START + timedelta(days=visit + number % 8)
            orders.append(order(f"{number}-{visit}", member(number), at=at, items=items,
                                store_id=store))  # fmt: skip
    await world.record(*orders)
    await world.products(milk="DAIRY", bread="BAKERY", tea="DRINKS", soap="HOME")


async def test_goods_beside_others_and_for_newcomers(world: World, lake: Lake) -> None:
    await shopped(world)
    await world.register(90, START)
    await world.register(91, START, gender="female", birth_year=1992)
    await world.register(92, START, city="上海")
    await train(world, lake, "recommend", "baskets", "sales")
    async with world.db.transaction(readonly=True) as tx:
        beside = (await together.beside(tx, [MILK], 5)).data
        basket = (await together.beside(tx, [MILK, SOAP], 20)).data
        unknown = (await together.beside(tx, ["never-seen"], 3)).data
        goods = (await together.pairs(tx, "sku", (0, 1), 50)).data
        kinds = (await together.pairs(tx, "department", (0, 0), 50)).data
        rare = (await together.pairs(tx, "sku", (0.99, 0), 50)).data
        seen = await insight.outlook(tx)
        report = await forecasts.report(tx, "recommend")
        judged = await forecasts.report(tx, "baskets")
    assert beside[0].sku == BREAD and beside[0].lift and beside[0].lift > 1.5
    assert MILK in beside[0].zh and beside[0].chance == pytest.approx(0.8, abs=0.1)
    assert not {MILK, SOAP} & {one.sku for one in basket}
    assert len(unknown) == 3 and unknown[0].lift is None
    assert all(each.members >= 10 for each in [*goods, *kinds]) and not rare
    assert [each.lift for each in goods] == sorted((e.lift or 0 for e in goods), reverse=True)
    assert {("DAIRY", "BAKERY")} <= {(each.one, each.other) for each in kinds}
    assert judged.check and judged.check.promoted == (judged.champion != "popularity")
    assert report.check and report.check.baseline == "half_life"
    assert seen.sales and not seen.leaving and len(seen.zh) == 1 and "80 %" in seen.en[0]

    async def why(number: int, **wish: Any) -> dict[str, str]:
        return {one.sku: one.zh for one in (await advised(world, number, **wish)).data}

    assert set((await why(90)).values()) == {"许多会员最近在买"}
    assert (await why(90, store="s-2"))[TEA] == "这家门店的会员最近常买"
    assert (await why(91))[SOAP] == "与您年龄相仿的会员最近常买"
    assert (await why(92))[TEA] == "您所在城市的会员最近常买"
    assert set((await why(92, personal=False)).values()) == {"许多会员最近在买"}
    async with world.db.transaction() as tx:
        await forecasts.write_stock(tx, StockBatch([StockLevel(TEA, 0), StockLevel(BREAD, 0)]))
        left = (await together.beside(tx, [MILK], 5)).data
    assert BREAD not in {one.sku for one in left}
    assert TEA not in await why(90, store="s-2")


def table(rows: list[tuple[str, str, datetime, str, int, int, str]]) -> pl.DataFrame:
    return pl.DataFrame(rows, SCHEMA, orient="row")


def sold(count: int, buyers: int) -> pl.DataFrame:
    """a and b together in `count` baskets of `buyers`, each alone in as many others."""
    start = datetime(2025, 1, 1)
    baskets = [("ab", n) for n in range(count)] + [("a", n) for n in range(count)] + [
        ("b", n) for n in range(count)
    ]  # fmt: skip
    return table(
        [(f"m{n % buyers}", f"{kind}-{n}", start + timedelta(days=n % 90), sku, 1, 100, "s")
         for kind, n in baskets for sku in kind]
    )  # fmt: skip


def test_pairs_by_hand() -> None:
    """60 of 180 baskets have both, 120 have each: support 1/3, confidence 1/2, lift 3/4."""
    shopping = shape(sold(60, 12), None, date(2025, 6, 1))
    found = pairs.pairs(pairs._sold(shopping, "sku", 0, 10**6))  # type: ignore[arg-type]
    assert found.rows() == [(0, 1, 60, 12, 120, 120, 180), (1, 0, 60, 12, 120, 120, 180)]
    assert pairs.ranked(found, "lift").is_empty()  # together less often than by chance
    few = shape(sold(60, 9), None, date(2025, 6, 1))
    with pytest.raises(Unusable, match="10 members"):
        pairs.train(few, 30, quiet)


def test_new_members_are_judged_by_store() -> None:
    start = datetime(2025, 1, 1)
    rows = [
        (f"m{n}", f"{n}-{day}", start + timedelta(days=day), f"of-{n % 2}-{day % 4}", 1, 100,
         f"s{n % 2}")
        for n in range(40) for day in range(40 if n < 20 else 0, 60)
    ]  # fmt: skip
    rows = [row for row in rows if int(row[0][1:]) >= 20 or row[2] >= start + timedelta(days=45)]
    shopping = shape(table(rows), None, date(2025, 3, 10))
    told = newcomers.judge(shopping, shopping.first_day + 45, 20)
    assert told and told["members"] == 20
    assert told["ndcg10_store"] == 1 > told["ndcg10_popular"]
    assert newcomers.judge(shopping, shopping.as_of, 20) is None


def test_intervals_hold_what_they_promise() -> None:
    """Of 60 made-up shops: 80 % intervals hold about 80 % of the week to come."""
    inside, held = 0, []
    for seed in range(60):
        dice = np.random.default_rng(seed)
        level = 1e6 * np.exp(np.cumsum(dice.normal(0, 0.02, 61)))
        values = level * np.exp(dice.normal(0, 0.08, 61))
        judged = weekly.judge(values[:60], 1)
        wide = weekly.reach(judged.errors["smoothed"], 0.8)[0] * values[52:60].mean()
        said = weekly.FORECASTERS["smoothed"](values[:60], 1)[0]
        inside += abs(values[60] - said) <= wide
        held.append(weekly.coverage(judged, "smoothed", 30, 0.8)[0])
    assert 0.65 <= inside / 60 <= 0.95
    assert np.mean(held) == pytest.approx(0.8, abs=0.06)


def test_weeks_end_at_the_day_and_few_are_refused() -> None:
    start = datetime(2025, 1, 1, 8)
    rows = [("m", f"{n}", start + timedelta(days=n), "tea", 1, 100, "s") for n in range(100)]
    shopping = shape(table(rows), None, date(2025, 4, 9))
    fen, members = weekly.weeks(shopping)
    assert fen.tolist() == [700] * 14 and members.tolist() == [1] * 14
    made = weekly.train(shopping, 56, quiet)
    assert [week["expected_fen"] for week in made["forecast"]] == [700] * 8
    assert made["forecast"][0]["since"] == "2025-04-09" and made["champion"] == "last_week"
    with pytest.raises(Unusable, match="whole weeks"):
        weekly.train(shape(table(rows[:70]), None, date(2025, 3, 1)), 56, quiet)


def test_leaving_is_never_surer_than_chance() -> None:
    told = [Backtest(20000 + n, 100, 100 + n) for n in range(6)]
    made = expected(np.full(1000, 0.1), told)
    assert made["expected"] == 100 and made["high"] - made["low"] >= 2 * 12
    assert made["coverage"] == 1
    off = expected(np.full(1000, 0.1), [Backtest(20000 + n, 100, 150) for n in range(6)])
    assert (off["low"], off["high"]) == (50, 150)


rules = st.sampled_from(sorted(RULES))
values = st.dictionaries(st.sampled_from("abc"), st.floats(0, 1), min_size=1)


@given(rules, values, st.floats(0, 1))
@settings(deadline=None)
def test_a_challenger_is_used_only_if_it_is_better(
    name: str, found: dict[str, float], base: float
) -> None:
    rule: Rule = RULES[name]
    figures = {key: {rule.figure: value} for key, value in {**found, rule.baseline: base}.items()}
    best, check = chosen(rule, figures, list(found)), checked(rule, figures, list(found))
    sign = 1 if rule.more else -1
    if best == rule.baseline:
        assert all(sign * value <= sign * base for value in found.values())
    else:
        assert sign * found[best] > sign * base
        assert all(sign * value <= sign * found[best] for value in found.values())
    assert check["promoted"] == (best != rule.baseline)
