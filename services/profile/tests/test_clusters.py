"""Clusters: found by the data, the same again, named, segments that tell who comes and goes."""

import json
from typing import Any

import msgspec
import numpy as np
import polars as pl
import pytest
from services.profile.tests.world import NOON, World, days, member, order

from chassis.clock import DrivenClock
from contracts.clusters import Clusters
from contracts.segments import SegmentEntered, SegmentLeft
from profile_service.clusters import use_cases
from profile_service.clusters.domain import Trait, described, named, traits_of
from profile_service.clusters.finding import SMALLEST, features, find, same_as
from profile_service.rights import use_cases as rights
from profile_service.segments import use_cases as segments
from profile_service.segments.bitmaps import Bitmaps
from profile_service.tags import use_cases as tags
from profile_service.tags.documents import shipped
from profile_service.tags.rules import RULES

KINDS = ("weekly", "weekend", "rare")


async def shop(world: World, people: int, first: int = 1) -> None:
    """Three kinds of shoppers, in turn: weekly fresh food, monthly bulk on-line, one visit."""
    dice = np.random.default_rng(first)
    orders = []
    for number in range(first, first + people):
        await world.register(number, NOON - days(200))
        kind = number % 3
        every, goods, channel = ((4, "fish", "pos"), (30, "soap", "web"), (90, "toy", "pos"))[kind]
        for n in range((30, 5, 1)[kind]):
            late = 60 if kind == 2 else 0
            at = NOON - days(n * every + late + int(dice.binomial(8, 0.5)))
            fen = int((900, 20_000, 300)[kind] * np.exp(dice.normal(0, 0.3)))
            items = [(goods, 1, fen), ("bread", 1, int(100 * np.exp(dice.normal(0, 0.3))))]
            orders.append(order(f"o-{number}-{n}", member(number), at=at, items=items,
                                channel=channel))  # fmt: skip
    await world.record(*orders)


async def found(world: World) -> Clusters:
    async with world.db.transaction() as tx:
        assert (await use_cases.ask(tx)).waiting
    assert await use_cases.find_waiting(world.db)
    assert not await use_cases.find_waiting(world.db)
    async with world.db.transaction(readonly=True) as tx:
        return await use_cases.clusters(tx)


async def told(world: World, event: Any) -> dict[Any, set[Any]]:
    """Members by segment of the events told so far; they are taken away."""
    async with world.db.transaction() as tx:
        rows = await tx.fetch(
            "DELETE FROM outbox WHERE subject = $1 RETURNING payload", event.subject
        )
    moves: dict[Any, set[Any]] = {}
    for row in rows:
        one = msgspec.json.decode(row["payload"], type=event)
        moves.setdefault(one.segment_id, set()).update(one.members)
    return moves


async def members(world: World, bitmaps: Bitmaps, segment_id: Any) -> set[Any]:
    async with world.db.transaction(readonly=True) as tx:
        page = await segments.members(tx, bitmaps, segment_id, 200, None)
    return {each.member_id for each in page.data}


async def test_clusters_are_segments_that_last(world: World, clock: DrivenClock) -> None:
    clock.move(NOON, ticking=False)
    bitmaps = Bitmaps()
    await world.products(fish="FRESH", soap="HOME", toy="TOYS", bread="BAKERY")
    await shop(world, 90)
    async with world.db.transaction() as tx:
        await rights.object_to(tx, [member(1)])
    await tags.measure_population(world.db, NOON)
    await tags.review_due(world.db, NOON)
    first = await found(world)
    assert len(first.data) == 3 and first.silhouette and first.silhouette > 0.5
    assert first.features and {trial.clusters for trial in first.trials} == set(range(1, 9))
    assert sum(each.members for each in first.data) == 89
    entered = await told(world, SegmentEntered)
    by_kind = {}
    for each in first.data:
        inside = await members(world, bitmaps, each.segment_id)
        assert inside == entered[each.segment_id] and len(inside) == each.members >= SMALLEST
        kinds = {number % 3 for number in range(1, 91) if member(number) in inside}
        assert len(kinds) == 1  # each cluster is one kind of shopper
        by_kind[kinds.pop()] = each
    assert "爱买FRESH" in by_kind[0].described.zh and "mostly HOME" in by_kind[1].described.en
    assert len({each.name.zh for each in first.data}) == 3

    await shop(world, 30, first=101)
    changed = [order(f"n-{n}", member(2), at=NOON - days(n), items=[("fish", 1, 900)])
               for n in range(40)]  # fmt: skip
    await world.record(*changed)  # 2 was a rare visitor
    later = await found(world)
    assert {each.number for each in later.data} == {each.number for each in first.data}
    kept = {each.number: (each.name, each.segment_id, each.since) for each in first.data}
    assert kept == {each.number: (each.name, each.segment_id, each.since) for each in later.data}
    await tags.review_due(world.db, NOON)
    came, went = await told(world, SegmentEntered), await told(world, SegmentLeft)
    weekly, rare = by_kind[0].segment_id, by_kind[2].segment_id
    assert went == {rare: {member(2)}}
    assert came[weekly] == {member(2)} | {member(n) for n in range(101, 131) if n % 3 == 0}
    async with world.db.transaction() as tx:
        await rights.erase(tx, [member(3)])
        await rights.object_to(tx, [member(6)])
    assert await world.value("SELECT count(*) FROM member_cluster") == 117


async def test_clusters_are_found_every_so_often(world: World) -> None:
    await use_cases.ask_when_due(world.db, NOON, 0)
    assert await world.value("SELECT waiting FROM clustering") is False
    async with world.db.transaction() as tx:
        await tx.execute("UPDATE clustering SET found_at = $1", NOON)
    for ahead, waits in ((6, False), (7, True)):
        await use_cases.ask_when_due(world.db, NOON + days(ahead), 7)
        assert await world.value("SELECT waiting FROM clustering") is waits


def crowd(sizes: list[int], seed: int = 1) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Groups of so many people, each with a department of its own."""
    dice = np.random.default_rng(seed)
    group = np.repeat(np.arange(len(sizes)), sizes)
    people = pl.DataFrame({
        "subject": np.arange(len(group)) + 1, "days": dice.integers(0, 10, len(group)),
        "orders": dice.integers(5, 15, len(group)),
        "net_fen": dice.integers(5_000, 15_000, len(group)),
        "coupon_orders": np.zeros(len(group), int), "cluster": pl.Series([None] * len(group)),
    })  # fmt: skip
    shares = pl.DataFrame({
        "subject": people["subject"], "kind": "department",
        "name": [f"d{each}" for each in group], "n": people["net_fen"],
    })  # fmt: skip
    return people, shares


def test_nobody_is_singled_out() -> None:
    """Five people who buy what nobody else does are no cluster, however clearly they lie apart."""
    result = find(*crowd([120, 80, 5]))
    assert result.labels is not None
    assert np.bincount(result.labels).min() >= SMALLEST
    assert any(smallest < SMALLEST for _, _, smallest in result.trials)
    few = find(*crowd([30, 19]))
    assert few.labels is None and few.note == "fewer than 50 members have bought"


def test_the_same_people_give_the_same_clusters() -> None:
    people, shares = crowd([60, 50, 40])
    one, other = find(people, shares), find(people, shares.sample(fraction=1, shuffle=True, seed=4))
    assert one.labels is not None and other.labels is not None
    assert (one.labels == other.labels).all() and one.trials == other.trials
    names, columns = features(people, shares)
    assert {"recency", "frequency", "monetary", "basket"} < set(names)
    assert "coupons" not in names  # the same of everybody
    assert columns.shape == (150, len(names)) and np.isfinite(columns).all()


def test_people_without_any_difference_are_one_crowd() -> None:
    people, shares = crowd([200])
    same = people.with_columns(pl.lit(5).alias("days"), pl.lit(9).alias("orders"))
    dice = np.random.default_rng(2)
    same = same.with_columns(net_fen=pl.Series(np.exp(dice.normal(9, 0.3, 200)).astype(int)))
    result = find(same, shares)
    assert result.labels is None and result.note == "the members are one crowd"


@pytest.mark.parametrize(
    ("before", "kept"),
    [
        ([7, 7, 7, 8, 8, 8], {0: 7, 1: 8}),
        ([8, 8, 8, 7, 7, 7], {0: 8, 1: 7}),
        ([7, 7, None, None, None, None], {0: 7}),
        ([7, 9, None, 8, 10, 11], {0: 7, 1: 8}),  # a third each
        ([None] * 6, {}),
    ],
)
def test_a_cluster_is_the_one_before_by_its_members(
    before: list[int | None], kept: dict[int, int]
) -> None:
    assert same_as(np.array([0, 0, 0, 1, 1, 1]), before) == kept


def test_names_differ_and_say_what_is_telling() -> None:
    of_all = {("sharer", None): 20, ("shopping_time", "evening"): 50, ("gender", "male"): 50}
    mine = {("sharer", None): 18, ("shopping_time", "evening"): 20, ("gender", "male"): 20}
    traits = traits_of(mine, 20, of_all, 100)
    assert [(each.tag, each.share) for each in traits] == [("sharer", 0.9), ("shopping_time", 1.0)]
    words = use_cases.words()
    name = named(traits, words, ())
    assert name == ("爱分享·傍晚来", "share, in the evening")
    assert named(traits, words, {name}) == ("爱分享·傍晚来2", "share, in the evening (2)")
    assert named([], words, ())[1] == "average members"
    assert described([Trait("own_tag", "x", 0.5, 0.1)], words)[1] == "own tag: x (50%; 10% of all)"


def test_every_shipped_tag_has_words() -> None:
    there = {rule.name for rule in RULES} | {rule.name for rule in shipped()}
    assert there - {"birthday_month", "age_band", "gender"} == {
        key.partition("=")[0] for key in use_cases.words()
    }
    assert json.dumps(use_cases.words())
