"""Tags as data: shipped, added, applied to everybody, explained, and looked at when they flip."""

from collections.abc import Mapping
from typing import Any

import pytest
from services.profile.tests.world import NOON, World, activity, batch, days, member, order

from chassis.clock import DrivenClock, local_date
from chassis.problem import Problem
from contracts.tag_watches import TagWatchBody
from profile_service.conditions.repository import people_of
from profile_service.tags import repository, watches
from profile_service.tags import use_cases as tags
from profile_service.tags.documents import FAMILIES, parse, shipped
from profile_service.tags.domain import Verdict
from profile_service.tags.rules import RULES

VISITS: dict[str, Any] = {
    "tag": "visitor", "family": "interest", "source": "activities", "zh": "访客", "en": "Visits",
    "window_days": 10,
    "cases": [
        {"value": "often", "confidence": {"sure": "Visited"},
         "when": {"event": "Visited", "days": 10, "count": {"at_least": 3}}},
        {"value": "once", "confidence": 0.5, "when": {"event": "Visited", "days": 10}},
    ],
}  # fmt: skip


def test_thirty_tags_and_more_over_six_families() -> None:
    names = [rule.name for rule in RULES] + [rule.name for rule in shipped()]
    families = [rule.family for rule in RULES] + [rule.family for rule in shipped()]
    assert len(names) >= 30 and len(set(names)) == len(names)
    assert set(families) == set(FAMILIES)
    assert min(families.count(family) for family in FAMILIES) >= 3


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"tag": "Big Name"}, "/tag"),
        ({"family": "x"}, "/family"),
        ({"cases": []}, "/cases"),
        ({"cases": [{"when": {"event": "x", "days": 0}}]}, "/cases/0/when/days"),
        ({"cases": [{"when": {"any": [{"tag": "active"}]}}]}, "/cases/0/when/any/0"),
        ({"cases": [{"when": {"event": "x"}, "confidence": 2}]}, "/cases/0/confidence"),
        ({"more": 1}, "/more"),
    ],
)
def test_what_is_wrong_with_a_rule_is_said_with_its_place(
    change: dict[str, Any], pointer: str
) -> None:
    assert parse(VISITS, 1)[1] == []
    assert pointer in {fault.pointer for fault in parse(VISITS | change, 1)[1]}


async def stored(world: World, n: int) -> Mapping[str, Verdict]:
    async with world.db.transaction() as tx:
        root = await tx.fetchval("SELECT root FROM subject WHERE member_id = $1", member(n))
        return (await repository.before(tx, [root]))[root].tags


async def test_a_new_tag_is_applied_to_everybody_and_follows(
    world: World, clock: DrivenClock
) -> None:
    clock.move(NOON, ticking=False)
    for n in (1, 2, 3):
        await world.register(n)
    visits = [activity(f"{n}-{k}", member_id=member(n), event="Visited")
              for n in (1, 2) for k in range(2 * n - 1)]  # fmt: skip
    await world.collect(batch(*visits))
    await tags.review_due(world.db, NOON)
    for version in (1, 1, 2):  # the same document again is the same version
        async with world.db.transaction() as tx:
            document = VISITS | ({"en": "Visits now"} if version == 2 else {})
            rule = await tags.add(tx, document, "me")
        assert rule.version == version
    await tags.back_fill(world.db, NOON)
    async with world.db.transaction() as tx:
        done = await tags.definition_of(tx, "visitor")
    assert (done.decided, done.finished_at is not None) == (3, True)
    first, second = (await stored(world, 1))["visitor"], (await stored(world, 2))["visitor"]
    assert (first.value, first.confidence, first.rule) == ("once", 0.5, "visitor@2")
    assert (second.value, second.confidence) == ("often", 0.6)
    assert second.facts == {"Visited": 3} and second.decided_at == NOON
    assert "visitor" not in await stored(world, 3)
    clock.move(NOON + days(10), ticking=False)
    await tags.review_due(world.db, NOON + days(10))
    assert "visitor" not in await stored(world, 2)  # nothing happened: that is why


async def test_a_tag_in_code_is_no_document(world: World) -> None:
    with pytest.raises(Problem, match="tag_in_code"):
        async with world.db.transaction() as tx:
            await tags.add(tx, VISITS | {"tag": "lifecycle"}, "me")


async def test_a_sudden_loss_is_looked_at_and_may_be_undone(
    world: World, clock: DrivenClock
) -> None:
    clock.move(NOON, ticking=False)
    await world.register(1)
    await world.record(*(order(f"c{n}", member(1), coupons=["c"]) for n in range(3)))
    await tags.review_due(world.db, NOON)
    before = (await stored(world, 1))["price_sensitive"]
    assert (before.value, before.rule) == ("high", "price_sensitive@1")
    clock.move(NOON + days(1), ticking=False)
    await world.record(*(order(f"n{n}", member(1), at=NOON + days(1)) for n in range(40)))
    await tags.review_due(world.db, NOON)
    assert "price_sensitive" not in await stored(world, 1)
    async with world.db.transaction() as tx:
        [waiting] = (await tags.reviews(tx, 50, None)).data
        assert (waiting.tag, waiting.before, waiting.after, waiting.member_id) == (
            "price_sensitive", "high", None, member(1),
        )  # fmt: skip
        kept = await tags.decide_review(tx, waiting.review_id, True, "me")
    await tags.review_due(world.db, NOON)
    pinned = (await stored(world, 1))["price_sensitive"]
    assert (pinned.value, pinned.rule, pinned.until) == ("high", "review", kept.kept_until)
    clock.move(NOON + days(92), ticking=False)
    await tags.review_due(world.db, NOON)
    assert "price_sensitive" not in await stored(world, 1)
    async with world.db.transaction() as tx:
        assert (await tags.reviews(tx, 50, None)).data == []  # its term is over: nobody is asked
        with pytest.raises(Problem, match="unknown_review"):
            await tags.decide_review(tx, waiting.review_id, False, "me")


async def test_when_and_why_stay_while_the_value_does(world: World, clock: DrivenClock) -> None:
    clock.move(NOON, ticking=False)
    await world.register(1)
    await world.record(*(order(f"{n}", member(1)) for n in range(3)))
    await tags.review_due(world.db, NOON)
    clock.move(NOON + days(2), ticking=False)
    await world.record(order("x", member(1), at=NOON + days(2)))
    await tags.review_due(world.db, NOON)
    tag = (await stored(world, 1))["small_basket"]
    assert tag.decided_at == NOON and tag.facts["orders"] == 3 and tag.confidence == 0.67
    async with world.db.transaction(readonly=True) as tx:
        people = await people_of(tx, [await tx.fetchval("SELECT min(id) FROM subject")])
        live = await tags.decided(tx, people, local_date(tx.now))
    assert next(iter(live.decisions.values())).tags["small_basket"] == tag


async def prefers(world: World, day: int, style: str) -> None:
    """On a day a member tells a style."""
    at = NOON + days(day)
    told = activity(f"s-{day}", member_id=member(1), at=at, type="identify", event=None,
                    traits={"style": style})  # fmt: skip
    await world.collect(batch(told, received_at=at))


async def test_changes_that_come_fast_and_often_are_looked_at(
    world: World, clock: DrivenClock
) -> None:
    await world.register(1)
    waiting = []
    for day, style in zip((0, 40, 50, 55, 60), ("brand", "organic") * 3, strict=False):
        clock.move(NOON + days(day), ticking=False)
        await prefers(world, day, style)
        await tags.review_due(world.db, NOON)
        assert (await stored(world, 1))["style"].value == style
        async with world.db.transaction(readonly=True) as tx:
            waiting.append(len((await tags.reviews(tx, 50, None)).data))
    # after 40 days: slow; after 10: the first of 60 days; after 5: the second, so it is looked at
    assert waiting == [0, 0, 0, 1, 1]
    assert await world.value("SELECT count(*) FROM tag_flip") == 3
    async with world.db.transaction() as tx:
        [one] = (await tags.reviews(tx, 50, None)).data
        assert (one.tag, one.before, one.after) == ("style", "brand", "organic")
        await tags.decide_review(tx, one.review_id, False, "me")  # it may change
    for day, style, asked in ((70, "organic", 0), (80, "brand", 0), (146, "organic", 0),
                              (156, "brand", 0), (160, "organic", 1)):  # fmt: skip
        clock.move(NOON + days(day), ticking=False)
        await prefers(world, day, style)
        await tags.review_due(world.db, NOON)
        async with world.db.transaction(readonly=True) as tx:
            assert len((await tags.reviews(tx, 50, None)).data) == asked, day


async def test_a_shop_watches_what_it_likes(world: World, clock: DrivenClock) -> None:
    clock.move(NOON, ticking=False)
    await world.register(1)
    async with world.db.transaction() as tx:
        off = TagWatchBody(changes="none")
        await tags.watch(tx, "price_sensitive", off, "me")
        mine = await tags.watch(tx, "small_basket", TagWatchBody(changes="lost"), "me")
        assert mine in (await tags.all_watches(tx)).data
        with pytest.raises(Problem, match="unknown_tag"):
            await tags.watch(tx, "nonsense", off, "me")
    await world.record(*(order(f"c{n}", member(1), coupons=["c"]) for n in range(3)))
    await tags.review_due(world.db, NOON)
    assert {"price_sensitive", "small_basket"} <= (await stored(world, 1)).keys()
    items = [("gold", 1, 10_000)]
    await world.record(*(order(f"n{n}", member(1), items=items) for n in range(40)))
    await tags.review_due(world.db, NOON)
    async with world.db.transaction(readonly=True) as tx:
        assert [each.tag for each in (await tags.reviews(tx, 50, None)).data] == ["small_basket"]


def test_watches_are_of_tags_there_are() -> None:
    there = {rule.name for rule in RULES} | {rule.name for rule in shipped()}
    assert set(watches.shipped()) <= there and len(watches.shipped()) >= 8
