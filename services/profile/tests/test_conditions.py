"""One definition, three readings: the predicate over a person, SQL over everybody, and bitmaps.

A small population with everything that conditions look at, merges included; any tree over it.
"""

import os
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
import pytest_asyncio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from services.profile.tests.world import NOON, World, activity, batch, days, index, member, order

from chassis.clock import DrivenClock, local_date
from contracts import segments as api
from contracts.gateway_events import ConsentAnswer
from profile_service.conditions import repository as condition_rows
from profile_service.conditions.domain import (
    Known,
    Member,
    answer,
    leaves,
    nodes,
    true_of,
    wanted,
)
from profile_service.conditions.repository import people_of
from profile_service.conditions.rules import parse
from profile_service.conditions.rules.figure import FIGURES
from profile_service.rfm import use_cases as rfm
from profile_service.segments import repository as segment_rows
from profile_service.segments import use_cases as segments
from profile_service.segments.bitmaps import Bitmaps
from profile_service.tags import use_cases as tags
from profile_service.tags.documents import true_until

EXAMPLES = 2_000 if os.environ.get("TEST_LONG") else 80
MEMBERS = 24
LIST, RULED = UUID(int=901), UUID(int=902)
ANYBODY: dict[str, Any] = {"any": [{"tag": "active"}, {"tag": "lifecycle", "value": "new"}]}

names = st.sampled_from(["Product Viewed", "Cart Shared", "Order", "Never Done"])
numbers = st.integers(-1, 6) | st.sampled_from([0.5, 2.5, 250, 300, 1_000])
ranges = st.dictionaries(st.sampled_from(["at_least", "at_most"]), numbers, min_size=1).filter(
    lambda r: r.get("at_least", 0) <= r.get("at_most", 10_000)
)
lengths = st.integers(1, 60)


def one_or_many(values: list[Any]) -> st.SearchStrategy[Any]:
    each = st.sampled_from(values)
    return each | st.lists(each, min_size=1, max_size=3)


def with_some(fixed: dict[str, Any], **some: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.fixed_dictionaries(fixed, optional=some)


def an_event(draw: st.DrawFn) -> dict[str, Any]:
    name = draw(names)
    of = st.sampled_from(["paid_fen", "lines", "quantity"] if name == "Order" else ["price", "x"])
    found: dict[str, Any] = draw(
        with_some(
            {"event": st.just(name)},
            days=lengths,
            channel=st.sampled_from(["pos", "app", "web"]),
            count=ranges,
            sum=st.tuples(of, ranges).map(lambda pair: {"of": pair[0], **pair[1]}),
        )
    )
    return found


conditions = st.one_of(
    with_some(
        {"tag": st.sampled_from(["active", "lifecycle", "sharer", "age_band", "nonsense"])},
        value=one_or_many(["new", "prospect", "growing", "35-44"]),
        confidence=st.sampled_from([0, 0.33, 0.5, 0.95, 1]),
    ),
    with_some(
        {"trait": st.sampled_from(["colour", "size", "likes", "gone"])},
        **{"is": one_or_many(["red", "tea", 1, 1.0, 2.5, True, False])},
    ),
    ranges.map(lambda r: {"trait": "size", **r}),
    st.tuples(st.sampled_from(["gender", "city", "channel"]),
              one_or_many(["male", "female", "北京", "pos"])
              ).map(lambda pair: {"attribute": pair[0], "is": pair[1]}),
    one_or_many(["110000", "110105", "310000"]).map(lambda it: {"attribute": "region", "is": it}),
    st.tuples(st.sampled_from(["age", "birth_year", "birth_month"]),
              st.sampled_from([{"at_least": 6}, {"at_most": 35}, {"at_least": 1982}])
              ).map(lambda pair: {"attribute": pair[0], **pair[1]}),
    st.dictionaries(
        st.sampled_from(["recency", "frequency", "monetary"]),
        one_or_many([1, 2, 3]), min_size=1,
    ).map(lambda bands: {"rfm": bands}),
    one_or_many(["gold", "silver", "untold"]).map(lambda tier: {"tier": tier}),
    with_some({"consent": st.sampled_from(["marketing", "profiling"])},
              channel=st.just("sms"), granted=st.booleans()),
    st.composite(an_event)(),
    st.tuples(names, names, st.integers(0, 9), lengths).map(
        lambda it: {"sequence": {"first": it[0], "then_not": it[1], "days": it[2],
                                 "within": it[2] + it[3]}}),
    st.tuples(st.sampled_from(sorted(FIGURES)), ranges).map(
        lambda pair: {"figure": pair[0], **pair[1]}),
    with_some({}, band=one_or_many(["high", "low"]), falling=st.booleans()).filter(bool).map(
        lambda inner: {"clv": inner}),
    one_or_many([1, 2, 3, 9]).map(lambda numbers: {"cluster": numbers}),
    st.sampled_from([{"segment": str(LIST)}, {"segment": str(RULED)}]),
)  # fmt: skip
trees = st.recursive(
    conditions,
    lambda inner: st.one_of(
        inner.map(lambda tree: {"not": tree}),
        st.lists(inner, min_size=1, max_size=3).map(lambda items: {"all": items}),
        st.lists(inner, min_size=1, max_size=3).map(lambda items: {"any": items}),
    ),
    max_leaves=5,
)


async def _population(world: World) -> None:
    """Members with different pasts; some are merged, one objects."""
    for n in range(1, MEMBERS + 1):
        known: dict[str, Any] = {}
        if n % 2:
            known = {"gender": ("male", "female")[n % 4 // 2], "birth_year": 1976 + n % 9}
        if n % 3:
            known |= {"city": ("北京", "上海")[n % 3 - 1], "birth_month": 1 + n % 12}
            known |= {"region": ("110105", "310000")[n % 3 - 1]}
        await world.register(n, NOON - days(3 * n), channel=(None, "pos", "")[n % 3], **known)
        if n % 3 == 0:
            await world.link(index(n), member(n))
    messages = []
    for n in range(1, MEMBERS + 1):
        for k in range(n % 5):
            at = NOON - timedelta(days=(n * (k + 1)) % 50, hours=(k * 7 + n) % 24 - 11)
            who: dict[str, Any] = {"phone": n} if n % 3 == 0 and k % 2 else {"member_id": member(n)}
            price: Any = [n, 2.5, "cheap", None][k % 4]
            messages.append(activity(
                f"a-{n}-{k}", at=at, event=("Product Viewed", "Cart Shared")[(n + k) % 2],
                channel=(None, "app", "web")[k % 3], properties={"price": price}, **who,
            ))  # fmt: skip
        if n % 4 == 1:
            traits = {"colour": ("red", "blue", True)[n % 3], "size": (1, 2.5, "1")[n % 3],
                      "likes": "tea", "gone": None}  # fmt: skip
            messages.append(activity(f"t-{n}", member_id=member(n), type="identify", traits=traits))
    messages.append(activity("ahead", at=NOON + timedelta(hours=20), member_id=member(2)))
    await world.collect(batch(*messages, received_at=NOON))
    await world.record(*(
        order(f"o-{n}-{k}", member(n), at=NOON - timedelta(days=(n * (k + 2)) % 100, hours=k),
              items=[("apple", k, 250 + n)] * (1 + k % 2), channel=("pos", "web")[k % 2],
              coupons=["c"] if k == 1 else [])
        for n in range(1, MEMBERS + 1) for k in range(n % 7)
    ))  # fmt: skip
    await world.refund("o-6-1", "r-1", member(6), 300)
    async with world.db.transaction() as tx:
        await segments.tiers_changed(
            tx, world.ids, [(member(n), ("gold", "silver")[n % 2], NOON) for n in range(3, 12)]
        )
        told = [ConsentAnswer(member(n), ("marketing", "profiling")[n % 2],
                              ("sms", None)[n % 2], n % 3 > 0) for n in range(5, 20)]  # fmt: skip
        await segments.consents_changed(tx, world.ids, [(each, NOON) for each in told])
        await rfm.measure(tx, NOON)
        ids = await world.ids.of(tx, [member(n) for n in range(2, MEMBERS + 1)])
        await tx.execute(
            "INSERT INTO member_worth SELECT id, 0, 0, 0, 0, 0,"
            " (ARRAY['high', 'middle', 'low'])[1 + n % 3], n % 2 = 0"
            " FROM unnest($1::bigint[]) WITH ORDINALITY AS each (id, n) WHERE n % 5 > 0",
            [ids[member(n)] for n in range(2, MEMBERS + 1)],
        )
        await tx.execute("INSERT INTO member_cluster SELECT subject_id, 1 + subject_id % 3"
                         " FROM member_worth")  # fmt: skip
        await tx.execute("UPDATE trait SET value = $1 WHERE name = 'likes'", ["tea", 1, {"a": 1}])
        await tx.execute("INSERT INTO objection SELECT id, now() FROM subject"
                         " WHERE member_id = $1", member(17))  # fmt: skip
    for absorbed, survivor in ((8, 7), (9, 7), (20, 22)):
        await world.link(member(absorbed), member(survivor))


async def _segments(world: World, bitmaps: Bitmaps) -> None:
    async with world.db.transaction() as tx:
        for segment_id, definition in ((LIST, None), (RULED, ANYBODY)):
            await segment_rows.save(tx, segment_id, "s", definition, "test")
        ids = [member(n) for n in (1, 4, 8, 17)]
        await segments.change_list(tx, LIST, api.SegmentListChange(add=ids))
    await tags.review_due(world.db, NOON)
    async with world.db.transaction() as tx:
        await bitmaps.follow(tx)


@pytest_asyncio.fixture(loop_scope="session")
async def crowd(world: World, clock: DrivenClock) -> tuple[World, Bitmaps]:
    clock.move(NOON, ticking=False)
    bitmaps = Bitmaps()
    await _population(world)
    await _segments(world, bitmaps)
    return world, bitmaps


async def _three_ways(world: World, bitmaps: Bitmaps, document: Any, today: date) -> None:
    lists = {LIST: True, RULED: False}
    tree, faults = parse(document, lists)
    assert faults == []
    async with world.db.transaction(readonly=True) as tx:
        shelf = await segment_rows.shelf(tx)
        by_sql = set(await condition_rows.true_of_everybody(tx, tree, today, shelf.trees))
        rows = await tx.fetch("SELECT subject_id, ordinal FROM standing")
        ordinals = {row["subject_id"]: row["ordinal"] for row in rows}
        known = await _known(tx, list(ordinals), tree, shelf.trees[RULED], today)
        tried = await segments.trial(tx, bitmaps, shelf, [tree])

    def holds(root: int, each: Any) -> bool:
        return true_of(
            each,
            lambda leaf: answer(leaf.condition, known[root], today)[0],
            lambda segment_id: holds(root, shelf.trees[segment_id]),
        )

    by_predicate = {ordinals[root] for root in ordinals if holds(root, tree)}
    assert by_predicate == by_sql
    if today == local_date(NOON):
        assert set(tried.of(tree) & bitmaps.everybody) == by_sql


async def _known(tx: Any, roots: list[int], tree: Any, other: Any, today: date) -> dict[int, Known]:
    people = await people_of(tx, roots)
    rows = await tx.fetch("SELECT subject_id, tags FROM member_tags")
    decided = {
        row["subject_id"]: {
            name: (tag["value"], tag["confidence"]) for name, tag in row["tags"].items()
        }
        for row in rows
    }
    wants = wanted(leaf.condition for each in (tree, other) for leaf in leaves(each))
    return await condition_rows.known(tx, people, decided, wants, today)


def _many(strategy: st.SearchStrategy[Any], n: int) -> Iterator[Any]:
    """Draws of a strategy, the same every time: async tests share one event loop."""
    drawn: list[Any] = []

    @settings(max_examples=n, deadline=None, database=None, derandomize=True,
              suppress_health_check=list(HealthCheck))  # fmt: skip
    @given(strategy)
    def collect(value: Any) -> None:
        drawn.append(value)

    collect()
    yield from drawn


async def test_predicate_sql_and_bitmaps_agree(crowd: tuple[World, Bitmaps]) -> None:
    today = local_date(NOON)
    for document, ahead in _many(st.tuples(trees, st.sampled_from([0, 0, 1, 29, 40])), EXAMPLES):
        await _three_ways(*crowd, document, today + timedelta(days=ahead))


async def test_every_kind_of_condition_is_true_of_some(crowd: tuple[World, Bitmaps]) -> None:
    """So that the agreement above says something."""
    world, bitmaps = crowd
    for document in (
        {"tag": "lifecycle", "value": "growing"}, {"trait": "likes", "is": "tea"},
        {"attribute": "age", "at_most": 35}, {"rfm": {"recency": [1], "frequency": [3]}},
        {"clv": {"band": "high", "falling": True}}, {"clv": {"band": ["low", "middle"]}},
        {"cluster": [1, 2]}, {"tier": "gold"}, {"consent": "marketing", "channel": "sms"},
        {"event": "Product Viewed", "days": 20, "sum": {"of": "price", "at_least": 2.5}},
        {"event": "Order", "days": 90, "count": {"at_least": 2}},
        {"sequence": {"first": "Product Viewed", "then_not": "Order", "days": 2, "within": 40}},
        {"figure": "mean_gap_days", "at_most": 30}, {"segment": str(LIST)}, {"segment": str(RULED)},
    ):  # fmt: skip
        async with world.db.transaction(readonly=True) as tx:
            body = api.PreviewBody(definition=document)
            found = await segments.preview(tx, bitmaps, body)
        assert 0 < found.members < found.everybody == MEMBERS - 4, document


async def test_an_answer_holds_until_the_day_it_says(crowd: tuple[World, Bitmaps]) -> None:
    """What makes it enough to look again at members whose day has come."""
    world, _ = crowd
    today = local_date(NOON)
    for document in _many(conditions, EXAMPLES):
        tree, _ = parse(document, {LIST: True, RULED: False})
        if not (found := leaves(tree)):
            continue
        condition = found[0].condition
        async with world.db.transaction(readonly=True) as tx:
            rows = await tx.fetch("SELECT subject_id FROM standing")
            known = await _known(tx, [row[0] for row in rows], tree, tree, today)
        for each in known.values():
            now, until = answer(condition, each, today)
            ends = until or today + timedelta(days=70)
            for ahead in range((ends - today).days if until else 70):
                assert condition.holds(each, today + timedelta(days=ahead)) == now, document
            assert until is None or condition.holds(each, until) != now


async def test_what_a_tree_says_holds_as_long_as_it_says(crowd: tuple[World, Bitmaps]) -> None:
    world, _ = crowd
    today = local_date(NOON)
    for document in _many(trees, EXAMPLES):
        tree, _ = parse(document, {LIST: True, RULED: False})
        if any(isinstance(node, Member) for node in nodes(tree)):
            continue
        async with world.db.transaction(readonly=True) as tx:
            rows = await tx.fetch("SELECT subject_id FROM standing")
            known = await _known(tx, [row[0] for row in rows], tree, tree, today)
        for each in known.values():
            now, until = true_until(tree, each, today)
            ends = min(until or date.max, today + timedelta(days=70))
            for ahead in {1, (ends - today).days // 2, (ends - today).days - 1}:
                day = today + timedelta(days=ahead)
                assert day >= ends or true_until(tree, each, day)[0] is now, document


@pytest.mark.parametrize(
    ("definition", "pointer"),
    [
        ({"all": [{"tag": "x"}, {"tga": "y"}]}, "/definition/all/1"),
        ({"any": []}, "/definition/any"),
        ({"not": {"event": "x", "days": 0}}, "/definition/not/days"),
        ({"event": "x", "count": {}}, "/definition/count/at_least"),
        ({"event": "Order", "sum": {"of": "price", "at_least": 1}}, "/definition/sum/of"),
        ({"rfm": {"recency": [4]}}, "/definition/rfm/recency"),
        ({"tag": "x", "confidence": 2}, "/definition/confidence"),
        ({"trait": "a", "is": [], "x/y": 1}, "/definition/x~1y"),
        ({"sequence": {"first": "a", "then_not": "b", "days": 5, "within": 5}},
         "/definition/sequence/within"),
        ({"segment": str(UUID(int=1))}, "/definition/segment"),
        ({"figure": "orders", "at_least": 3, "at_most": 2}, "/definition/at_most"),
        ({"attribute": "name", "is": "x"}, "/definition/attribute"),
        ({"tier": None}, "/definition/tier"),
        ({"clv": {"band": "huge"}}, "/definition/clv/band"),
        ({"clv": {"falling": "yes"}}, "/definition/clv/falling"),
        ({"clv": {}}, "/definition/clv"),
        ({"cluster": [1, True]}, "/definition/cluster"),
        ([], "/definition"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_with_its_place(definition: Any, pointer: str) -> None:
    _, faults = parse(definition, {})
    assert pointer in {fault.pointer for fault in faults}


def test_a_document_says_the_same_when_read_again() -> None:
    for document in _many(conditions, EXAMPLES):
        tree, _ = parse(document, {LIST: True, RULED: False})
        for leaf in leaves(tree):
            if "segment" not in document:
                assert leaves(parse(leaf.condition.document(), {})[0]) == [leaf]


def test_trees_have_an_end() -> None:
    deep: Any = {"tag": "x"}
    for _ in range(20):
        deep = {"not": deep}
    assert {fault.code for fault in parse(deep, {})[1]} == {"too_deep"}
    wide = {"any": [{"tag": str(n)} for n in range(300)]}
    assert "too_large" in {fault.code for fault in parse(wide, {})[1]}
