"""Why figures moved: every effect adds up, and small groups stay among many."""

from datetime import date, timedelta
from fractions import Fraction
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from services.profile.tests.world import NOON, World, member, order

from chassis.problem import Problem
from contracts.insights import Decomposition
from profile_service.insight import domain, use_cases
from profile_service.insight.domain import Figures, Group, Question, effects, rounded

UNTIL = date(2017, 3, 16)


def asked(by: str = "category,store,segment", **wish: Any) -> Question:
    wish = {"kpi": "sales", "since": date(2017, 3, 14), "until": UNTIL, **wish}
    return Question(
        wish["kpi"], tuple(by.split(",")), wish["since"], wish["until"],
        wish.get("against", "previous"), wish.get("limit", 50),
    )  # fmt: skip


async def decomposed(world: World, question: Question, smallest: int = 1) -> Decomposition:
    async with world.db.transaction(readonly=True) as tx:
        return await use_cases.decompose(tx, question, smallest)


def adds_up(made: Decomposition) -> None:
    assert made.whole.effects and made.mix
    moved = made.whole.after - made.whole.before
    parts = [group.effects for group in made.groups if group.effects]
    assert made.whole.effects.change == moved == sum(part.change for part in parts)
    for group, part in zip(made.groups, parts, strict=True):
        assert part.change == group.after - group.before
        assert part.change == part.members + part.frequency + part.basket + part.price
    for name in domain.FACTORS:
        of = getattr(made.whole.effects, name) + getattr(made.mix, name)
        assert of == sum(getattr(part, name) for part in parts)
    assert made.mix.change == 0


async def shopped(world: World) -> None:
    """30 members; two departments, two stores; some stop, some spend more."""
    await world.products(milk="DAIRY", bread="BAKERY")
    for number in range(1, 31):
        await world.register(number)
        before, after = NOON - timedelta(days=3), NOON - timedelta(days=1)
        store = "s-1" if number <= 20 else "s-2"
        items = [("milk", 1, 300), ("bread", 1, 200 + number), ("nameless", 1, 50)]
        await world.record(order(f"a-{number}", member(number), at=before, items=items,
                                 store_id=store))  # fmt: skip
        for n in range(0 if number % 3 == 0 else 1 + number % 2):
            items = [("milk", 1, 310)] if number % 4 else [("milk", 1, 310), ("bread", 1, 150)]
            await world.record(order(f"b-{number}-{n}", member(number), at=after, items=items,
                                     store_id=store))  # fmt: skip


async def test_groups_add_up_to_the_whole(world: World) -> None:
    await shopped(world)
    async with world.db.transaction() as tx:
        segment = uuid4()
        number = await tx.fetchval(
            "INSERT INTO segment (segment_id, version) VALUES ($1, 1) RETURNING number", segment
        )
        await tx.execute(
            "INSERT INTO segment_version VALUES ($1, 1, '常客', NULL, 'x', now())", segment
        )
        await tx.execute(
            "INSERT INTO standing (subject_id, conditions, segments, version)"
            " SELECT root, '{}', $2, 1 FROM subject WHERE member_id = ANY ($1)",
            [member(1), member(2)],
            [number],
        )
        await tx.execute(
            "INSERT INTO member_tier SELECT root, 'gold', now() FROM subject WHERE member_id = $1",
            member(1),
        )
    made = await decomposed(world, asked())
    adds_up(made)
    sold = await world.value("SELECT sum(amount_fen) FROM purchase_line WHERE paid_at < $1",
                             NOON - timedelta(days=2))  # fmt: skip
    assert (made.whole.members_before, made.whole.members_after) == (30, 20)
    assert made.whole.before == sold
    labels = {(group.category, group.store, group.segment) for group in made.groups}
    assert ("DAIRY", "s-1", "常客") in labels and (None, "s-2", None) in labels
    assert made.zh and made.en and "下降" in made.zh[2] and "BAKERY" in made.en[2]
    few = await decomposed(world, asked(limit=2))
    adds_up(few)
    rest = next(group for group in few.groups if group.rest)
    assert len(few.groups) == 3 and rest.members_before == 30
    tiers = await decomposed(world, asked("tier,channel"))
    adds_up(tiers)
    assert {(group.tier, group.members_before) for group in tiers.groups} == {
        ("gold", 1), (None, 29),
    }  # fmt: skip
    orders = await decomposed(world, asked("store", kpi="orders"))
    adds_up(orders)
    assert orders.whole.before == 30


async def test_small_groups_are_among_others(world: World) -> None:
    """s-2 has ten members before and seven after; alone it would be shown, so s-1 joins it."""
    await shopped(world)
    exact = await decomposed(world, asked("store"))
    assert sorted(group.members_after for group in exact.groups) == [6, 14]
    coarse = await decomposed(world, asked("store"), smallest=10)
    adds_up(coarse)
    (only,) = coarse.groups
    assert only.rest and (only.members_before, only.members_after) == (30, 20)
    goods = await decomposed(world, asked("category"), smallest=10)
    adds_up(goods)
    assert all(n == 0 or n >= 10 for g in goods.groups for n in (g.members_before, g.members_after))
    with pytest.raises(Problem):
        await decomposed(world, asked("store,segment"), smallest=10)


async def test_what_cannot_be_asked(world: World) -> None:
    assert (await decomposed(world, asked())).groups == []
    for bad in (
        asked("planet"), asked("store,store"), asked("category", kpi="orders"),
        asked(since=UNTIL), asked(since=date(2015, 1, 1)),
    ):  # fmt: skip
        with pytest.raises(Problem) as refused:
            await decomposed(world, bad)
        assert refused.value.status == 422
    year = domain.periods(asked(against="year"), UNTIL)
    assert year.before_until.weekday() == UNTIL.weekday()
    assert use_cases.dimensions(None, "sales", few=True) == ("category",)


chains = st.lists(st.integers(0, 10**6), min_size=4, max_size=4).map(
    lambda n: Figures(n[0] % 1000, n[1] % 5000, n[2] % 10_000, n[3])
)


@given(st.lists(st.tuples(chains, chains), max_size=6), st.sampled_from(["sales", "orders"]))
def test_effects_are_whole_and_add_up(pairs: list[tuple[Figures, Figures]], kpi: str) -> None:
    groups = [Group((str(n),), *pair) for n, pair in enumerate(pairs)]
    parts = domain.group_effects(groups, kpi)
    for group, mine in zip(groups, parts, strict=True):
        assert sum(mine) == domain.moved(group, kpi)
        assert all(isinstance(n, int) for n in mine)
    assert sum(map(sum, parts)) == sum(domain.moved(group, kpi) for group in groups)


@given(chains.filter(lambda c: all(c.chain("sales"))), st.integers(1, 9), st.integers(0, 3))
def test_one_factor_alone_has_all_of_it(before: Figures, times: int, which: int) -> None:
    chain = list(before.chain("sales"))
    after = [n * times if place >= which else n for place, n in enumerate(chain)]
    mine = effects(chain, after)
    assert mine[which] == after[-1] - chain[-1] and sum(map(abs, mine)) == abs(mine[which])
    assert [-n for n in effects(after, chain)] == mine


@given(st.lists(st.fractions(-1000, 1000), max_size=5))
def test_rounding_keeps_the_sum(parts: list[Fraction]) -> None:
    total = sum(parts, Fraction(0))
    whole = [*parts, Fraction(round(total)) - total]
    made = rounded(whole)
    assert sum(made) == sum(whole)
    assert all(-1 < other - one < 1 for one, other in zip(made, whole, strict=True))


def test_two_factors_by_hand() -> None:
    """10 members x 2 orders become 20 x 3: the middle of both sequences, 25 and 15."""
    assert effects((10, 20), (20, 60)) == [25, 15]
    assert effects((0, 0, 0, 0), (3, 4, 5, 600)) == [600, 0, 0, 0]
    assert effects((3, 4, 5, 600), (0, 0, 0, 0)) == [-600, 0, 0, 0]
