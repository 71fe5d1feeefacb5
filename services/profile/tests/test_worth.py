"""What members are worth: the formula, its terms, bands, and three months of falling."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

import msgspec
import numpy as np
import polars as pl
import pytest
from services.profile.tests.world import World, days, member, order

from chassis.clock import PROGRAM_ZONE, DrivenClock
from contracts.events import MembersSplit
from contracts.worth import Clv, ClvFalling, ClvTermsBody
from profile_service.forecasts import repository as forecast_rows
from profile_service.forecasts.domain import Version
from profile_service.models.outlook import ahead
from profile_service.models.shopping import Shopping, shape
from profile_service.profiles import use_cases as profiles
from profile_service.rights import use_cases as rights
from profile_service.subjects import use_cases as subjects
from profile_service.tags import use_cases as tags
from profile_service.worth import repository
from profile_service.worth import use_cases as worth
from profile_service.worth.domain import months_before

TERMS = ClvTermsBody(
    margin_percent=20, department_margins={"FRUIT": 40}, service_cost_fen=1_000,
    acquisition_cost_fen=5_000, channel_acquisition_costs={"pos": 500}, years_ahead=2,
)  # fmt: skip
AHEAD = [4.0, 6.0, 7.0, 7.5, 7.7]


def first(month: int) -> datetime:
    return datetime(2017, month, 1, tzinfo=PROGRAM_ZONE)


async def say(world: World, spend: Mapping[int, float], detail: Any = None) -> None:
    """What the model in use expects of numbered members in 92 days, in fen."""
    async with world.db.transaction() as tx:
        ids = await world.ids.of(tx, [member(n) for n in spend])
        rows = [(ids[member(n)], fen, detail or {"ahead": AHEAD}) for n, fen in spend.items()]
        await forecast_rows.replace(tx, Version("clv", 1, date(2017, 3, 1), 92), rows)
        await repository.wait(tx)


async def reckoned(world: World, terms: ClvTermsBody = TERMS) -> None:
    async with world.db.transaction() as tx:
        await worth.change_terms(tx, terms, "admin-1")
    await worth.reckon_waiting(world.db, world.db.clock.now())


async def valued(world: World, number: int) -> Clv:
    async with world.db.transaction(readonly=True) as tx:
        found = (await profiles.profile(tx, member(number))).clv
    assert found is not None
    return found


async def told(world: World) -> list[ClvFalling]:
    async with world.db.transaction() as tx:
        rows = await tx.fetch(
            "DELETE FROM outbox WHERE subject = $1 RETURNING payload", ClvFalling.subject
        )
    return [msgspec.json.decode(row["payload"], type=ClvFalling) for row in rows]


async def test_the_formula(world: World, clock: DrivenClock) -> None:
    clock.move(first(3), ticking=False)
    await world.products(apple="FRUIT", soap="HOME")
    await world.register(1, first(1), channel="pos")
    await world.register(2, first(1), channel="app")
    items = [("apple", 1, 300), ("soap", 1, 100), ("unknown", 1, 9_000)]
    await world.record(order("1", member(1), at=first(2), items=items))
    await say(world, {1: 10_000, 2: 100})
    await reckoned(world)
    one, two = await valued(world, 1), await valued(world, 2)
    assert one.yearly_spend and one.yearly_spend.amount == 40_000  # 4 × 10,000
    assert one.margin == 0.35  # (3 × 40 % + 1 × 20 %) / 4
    assert one.yearly_profit_fen == 13_000  # 40,000 × 35 % - 1,000
    assert one.expected_years == 1.5  # 6 / 4
    assert one.value_fen == 19_000  # 13,000 × 1.5 - 500
    assert (two.margin, two.yearly_profit_fen, two.value_fen) == (0.2, -920, -6_380)
    assert [one.band, two.band] == ["high", "middle"]
    await reckoned(world, ClvTermsBody(service_cost_fen=0, margin_percent=50, years_ahead=1))
    assert (await valued(world, 1)).value_fen == 18_000
    await say(world, {1: 9_200}, detail={"made": "before years ahead were told"})
    await worth.reckon_waiting(world.db, first(3))
    bare = await valued(world, 1)
    assert bare.yearly_spend and (bare.yearly_spend.amount, bare.expected_years) == (36_500, 1.0)
    assert await world.value("SELECT count(*) FROM member_worth") == 1


async def test_bands_are_a_fifth_three_fifths_and_a_fifth(world: World, clock: DrivenClock) -> None:
    clock.move(first(3), ticking=False)
    for number in range(1, 11):
        await world.register(number, first(1))
    await say(world, {n: 1_000 * n for n in range(1, 11)})
    await reckoned(world)
    await tags.review_due(world.db, first(3))
    bands = [(await valued(world, n)).band for n in range(1, 11)]
    assert bands == ["low"] * 2 + ["middle"] * 6 + ["high"] * 2
    async with world.db.transaction() as tx:
        counts = {
            row.value: row.members for row in (await tags.counts(tx)).data if row.tag == "clv_band"
        }
        assert counts == {"low": 2, "middle": 6, "high": 2}
        await rights.object_to(tx, [member(10)])
    await reckoned(world)
    assert await world.value("SELECT count(*) FROM member_worth") == 9
    assert (await valued(world, 9)).band == "high"
    async with world.db.transaction() as tx:
        await rights.erase(tx, [member(9)])
    assert await world.value("SELECT count(*) FROM member_worth") == 8


async def test_three_months_of_falling_are_told_once(world: World, clock: DrivenClock) -> None:
    clock.move(first(1), ticking=False)
    for number in (1, 2, 3, 4):
        await world.register(number, first(1))
    await reckoned(world)
    spend = {1: [9, 8, 7, 6, 5, 5, 4, 3, 2], 2: [9, 8, 7, 7, 6, 5, 4, 3, 2], 3: [5] * 9,
             4: [9, 8, 0, 7, 6, 5, 9, 8, 7]}  # fmt: skip
    falls = {}
    for month in range(1, 10):
        clock.move(first(month), ticking=False)
        await say(world, {n: 1_000 * told[month - 1] for n, told in spend.items() if
                          not (n == 4 and month == 3)})  # fmt: skip
        for _ in range(2):  # a crash after the commit
            await worth.close_month(world.db, first(month))
        await worth.close_month(world.db, first(month) + days(1))
        falls[month] = {m for event in await told(world) for m, *_ in event.members}
    one, two, four = member(1), member(2), member(4)
    # 1: told in April, over in June (it stayed), again in September; 4 has no value in March
    assert falls == {4: {one}, 7: {two}, 9: {one}} | {n: set() for n in (1, 2, 3, 5, 6, 8)}
    assert four not in set().union(*falls.values())
    seen = await valued(world, 1)
    assert seen.falling and [each.month.month for each in seen.months] == list(range(1, 10))
    assert [each.value_fen for each in seen.months][-1] == seen.value_fen
    await tags.review_due(world.db, first(9))
    async with world.db.transaction() as tx:
        mine = {tag.tag: tag for tag in (await tags_of(tx, 1)).data}
        assert "clv_falling" not in {tag.tag for tag in (await tags_of(tx, 3)).data}
    assert mine["clv_falling"].source == "forecasts" and mine["clv_band"].rule == "clv_band@0"


async def tags_of(tx: Any, number: int) -> Any:
    return await profiles.tags(tx, member(number))


async def test_months_of_who_is_one_are_added_and_parted(world: World, clock: DrivenClock) -> None:
    clock.move(first(1), ticking=False)
    for number in (1, 2):
        await world.register(number, first(1))
    await reckoned(world, ClvTermsBody(service_cost_fen=0, acquisition_cost_fen=0))
    for month, spend in ((1, {1: 900, 2: 500}), (2, {1: 800, 2: 600})):
        await say(world, spend)
        await worth.close_month(world.db, first(month))
    before = [each.value_fen for each in (await valued(world, 1)).months]
    await world.link(member(2), member(1), first(2) + days(3))
    both = (await valued(world, 1)).months
    assert [each.value_fen for each in both] == [2_156, 2_156]  # 22 % of 1,400 × 7
    await say(world, {1: 1_000})  # of the one person they are
    await worth.close_month(world.db, first(3))
    assert (await valued(world, 1)).months[-1].value_fen == 1_540
    async with world.db.transaction() as tx:
        event = MembersSplit(member(7), member(1), member(2), [], [], [],
                                      first(2) + days(3), first(3) + days(1))  # fmt: skip
        await subjects.split(tx, world.ids, [event])
    await say(world, {1: 900, 2: 500})
    await worth.reckon_waiting(world.db, first(3))
    assert [each.value_fen for each in (await valued(world, 1)).months] == before
    assert len((await valued(world, 2)).months) == 2


def bought(*gaps: list[int]) -> Shopping:
    """Members who bought on days so many days before 2017-10-01."""
    rows = [
        (f"m{n}", f"{n}-{ago}", datetime(2017, 10, 1) - days(int(ago)), "x", 1, 100, "s")
        for n, each in enumerate(gaps) for ago in each
    ]  # fmt: skip
    names = ["member", "order_no", "at", "sku", "quantity", "amount_fen", "store"]
    return shape(pl.DataFrame(rows, names, orient="row"), None, date(2017, 10, 1))


def test_years_ahead_thin_out() -> None:
    dice = np.random.default_rng(5)
    crowd = [sorted(dice.choice(300, dice.integers(2, 30), replace=False) + 1) for _ in range(60)]
    found = ahead(bought(list(range(1, 300, 7)), [290, 280], *crowd), 92)
    most = np.arange(1, 6) * 365 / 92
    assert found.shape == (62, 5)
    assert (np.diff(found, axis=1) > 0).all()  # more years, more purchases
    assert (found <= most + 1e-9).all()  # and no more than if nobody left
    yearly = np.diff(found, axis=1, prepend=0)
    assert (np.diff(yearly, axis=1) <= 1e-9).all()  # each year brings less than the one before


def test_months() -> None:
    assert months_before(date(2017, 2, 1), 4) == [
        date(2016, 11, 1), date(2016, 12, 1), date(2017, 1, 1), date(2017, 2, 1),
    ]  # fmt: skip


@pytest.mark.parametrize("wrong", [{"years_ahead": 6}, {"margin_percent": 101}, {"service": 1}])
def test_terms_are_checked(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        ClvTermsBody.model_validate(wrong)
