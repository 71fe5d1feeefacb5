"""Journeys: in, on, out, as of the moments that things happened."""

import asyncio
from typing import Any
from uuid import UUID

import pytest_asyncio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from services.campaign.tests.walks import START, WELCOME, Walks
from services.campaign.tests.world import DESK, World, at

from campaign_service.campaigns.domain import Action
from campaign_service.experiments.assigning import position
from campaign_service.journeys import jobs, repository, running
from campaign_service.journeys.domain import Signal
from chassis.clock import DrivenClock
from contracts.behaviour import BehaviourSeen, Seen, WatchesChanged
from contracts.campaign.journey_events import JourneyReached, MembersTagged
from contracts.campaign.journeys import Upgrade
from contracts.campaign.plans import Audience
from contracts.events import CouponOffered
from testkit.databases import Databases


@pytest_asyncio.fixture(loop_scope="session")
async def walks(world: World, clock: DrivenClock) -> Walks:
    return Walks(world)


def journey(nodes: dict[str, Any], start: str, **more: Any) -> dict[str, Any]:
    end = {"bye": {"kind": "end"}}
    return {"entry": {"on": "registered"}, "start": start, "nodes": {**nodes, **end}, **more}


def wait(hours: int, to: str = "bye") -> dict[str, Any]:
    return {"kind": "wait", "span": {"hours": hours}, "next": to}


def wait_for(hours: int, to: str, timeout: str = "bye", on: str = "order_paid") -> dict[str, Any]:
    events = [{"on": on, "next": to}]
    return {"kind": "wait_for", "events": events, "within": {"hours": hours}, "timeout": timeout}


async def joined(walks: Walks, *members: int, hours: float = 0) -> None:
    await walks.world.members(*members)
    for member in members:
        await walks.happens("registered", member, hours)
    await walks.tick(hours)


async def test_a_welcome_series(walks: Walks) -> None:
    await walks.lay_out(WELCOME)
    await joined(walks, 1, 2, 3)
    assert await walks.way(1) == [("hello", 0), ("*first_order", 0)]
    await walks.happens("order_paid", 1, 0)
    await walks.happens("consent_withdrawn", 2, 1)
    await walks.tick(2)
    assert await walks.way(1) == [("hello", 0), ("first_order", 0), ("bye", 0), ("*end", 0)]
    assert await walks.way(2) == [("hello", 0), ("first_order", 1), ("*unsubscribed", 0)]
    await walks.tick(71.9)
    assert await walks.way(3) == [("hello", 0), ("*first_order", 0)]
    await walks.tick(80)  # late, but the journey's time is when the wait was over
    assert await walks.way(3) == [
        ("hello", 0), ("first_order", 72), ("nudge", 72), ("bye", 72), ("*end", 0),
    ]  # fmt: skip
    words = (await walks.ways(3))[-1].path
    assert words[1].zh == "到2017-03-04 10:00仍未等到事件"
    assert words[0].en == "a message was decided (see contact decisions)"


async def test_the_event_that_let_in_is_not_the_one_waited_for_but_one_between_is(
    walks: Walks,
) -> None:
    """Even if it is heard before anybody looks, or before the one that lets in."""
    await walks.lay_out(
        journey({"again": wait_for(24, "bye")}, "again", entry={"on": "order_paid"})
    )
    await walks.world.members(1, 2, 3)
    await walks.happens("order_paid", 1, 0)
    await walks.happens("order_paid", 2, 0)
    await walks.happens("order_paid", 2, 0.5)
    await walks.happens("order_paid", 3, 0.5)
    await walks.happens("order_paid", 3, 0)
    await walks.tick(1)
    assert await walks.way(1) == [("*again", 0)]
    for member in (2, 3):
        assert await walks.way(member) == [("again", 0.5), ("bye", 0.5), ("*end", 0)]


async def test_branches_and_splits(walks: Walks) -> None:
    gold = {"when": {"tiers": ["gold"]}, "next": "s"}
    bought = {"when": {"ordered": True}, "next": "bye"}
    await walks.lay_out(journey({
        "w": wait(1, "b"), "b": {"kind": "branch", "cases": [bought, gold], "otherwise": "bye"},
        "s": {"kind": "split", "arms": [
            {"arm": "x", "percent": 30, "next": "bye"}, {"arm": "y", "percent": 70, "next": "bye"},
        ]},
    }, "w"))  # fmt: skip
    members = range(1, 301)
    await joined(walks, *members)
    async with walks.world.db.transaction() as tx:
        await tx.execute("UPDATE member SET tier = 'gold' WHERE member_id <> $1", UUID(int=1))
    await walks.happens("order_paid", 2, 0.5)
    await walks.tick(2)
    assert await walks.way(1) == [("w", 1), ("b", 1), ("bye", 1), ("*end", 0)]
    assert (await walks.ways(1))[0].path[1].en == "no case is true, on to bye"
    assert (await walks.ways(2))[0].path[1].en == "case 1 is true, on to bye"
    async with walks.world.db.transaction(readonly=True) as tx:
        rows = await tx.fetch("SELECT arms->>'s' AS arm FROM journey_run WHERE arms <> '{}'")
    arms = [row["arm"] for row in rows]
    assert len(arms) == 298 and 60 < arms.count("x") < 120  # 89 expected; 5 sigma


async def test_whoever_is_in_control_walks_in_silence(walks: Walks) -> None:
    await walks.lay_out(WELCOME, control_share=0.5)
    members = range(1, 41)
    await joined(walks, *members)
    control = {n for n in members if position("welcome", UUID(int=n)) < 0.5}
    assert 5 < len(control) < 35
    ways = {n: (await walks.ways(n))[0] for n in members}
    assert {n for n, way in ways.items() if way.control} == control
    said = {n: way.path[0].en for n, way in ways.items()}
    assert {n for n, words in said.items() if "control group" in words} == control


async def test_what_nodes_do_is_told_with_the_step_and_not_of_control(walks: Walks) -> None:
    await walks.lay_out(journey({
        "o": {"kind": "offer", "next": "t"},
        "t": {"kind": "tag", "tag": "newcomer", "days": 7, "next": "h"},
        "h": {"kind": "webhook", "topic": "welcome", "next": "bye"},
    }, "o"), control_share=0.5)  # fmt: skip
    members = range(1, 21)
    await joined(walks, *members)
    treated = {n for n in members if position("welcome", UUID(int=n)) >= 0.5}
    tagged = [each for event in await walks.world.told(MembersTagged) for each in event.members]
    told = [each for event in await walks.world.told(JourneyReached) for each in event.reached]
    offered = [event.member_id for event in await walks.world.told(CouponOffered)]
    for got in (tagged, [member for _, member, _ in told], offered):
        assert sorted(each.int for each in got) == sorted(treated)
    assert len({step for step, _, _ in told}) == len(told)
    one, other = min(treated), min(set(members) - treated)
    assert [s.en for s in (await walks.ways(one))[0].path][:2] == [
        "was given the campaign's offer", "tagged newcomer for 7 days",
    ]  # fmt: skip
    assert "control group" in (await walks.ways(other))[0].path[0].en


async def test_what_members_do_is_asked_for_and_waited_for(walks: Walks) -> None:
    await walks.lay_out(journey(
        {"w": wait_for(5, "bye", "w2", "did:Product Viewed"), "w2": wait(1)}, "w"
    ))  # fmt: skip
    await joined(walks, 1, 2)
    [watches] = await walks.world.told(WatchesChanged)
    assert [each.name for each in watches.watches] == ["Product Viewed"]
    seen = Seen(UUID(int=1), "Product Viewed", walks.hour(1), "app", {"sku": "s1"})
    walks.move(2)
    await walks.tell(BehaviourSeen([seen]), BehaviourSeen([seen]))
    await walks.tick(2)
    assert await walks.way(1) == [("w", 1), ("bye", 1), ("*end", 0)]
    assert await walks.way(2) == [("*w", 0)]


async def test_getting_in_again(walks: Walks) -> None:
    again = {"rule": "after", "days": 2}
    await walks.lay_out(journey({"w": wait(1)}, "w", entry={"on": "tier_changed"}, reentry=again))
    await walks.world.members(1)
    for hours in (0, 0.5, 10, 47, 48, 60):
        await walks.happens("tier_changed", 1, hours)
        await walks.tick(hours)
    ways = await walks.ways(1)
    entered = [(way.entered_at - walks.hour(0)).total_seconds() / 3600 for way in ways]
    assert entered == [0, 48]


async def test_the_audience_gets_in_at_midnight_once_an_occasion(walks: Walks) -> None:
    walks.world.db.clock.move(at("2017-01-01"), ticking=False)  # type: ignore[attr-defined]
    await walks.lay_out(
        journey({"w": wait(1)}, "w", entry={"on": "audience"}, reentry={"rule": "always"}),
        audience=Audience(never_bought_days=5),
    )
    await walks.world.members(1, 2)
    await walks.world.order(2, "2017-01-02 12:00")
    for day in ("2017-01-05", "2017-01-06", "2017-01-07", "2017-01-08", "2017-01-09"):
        await walks.midnight(day)
    assert len(await walks.ways(1)) == 1 and await walks.ways(2) == []
    assert (await walks.ways(1))[0].reason == "end"


async def test_it_pauses_and_ends_with_its_campaign(walks: Walks) -> None:
    await walks.lay_out(WELCOME)
    await joined(walks, 1, 2, 3)
    await walks.world.step(walks.campaign_id, Action.PAUSE)
    await walks.happens("order_paid", 1, 1)
    await walks.happens("registered", 4, 1)  # nobody gets in
    await walks.tick(80)
    assert await walks.way(1) == [("hello", 0), ("*first_order", 0)]
    await walks.world.step(walks.campaign_id, Action.LAUNCH)
    await walks.tick(81)
    assert (await walks.way(1))[1] == ("first_order", 1)
    assert (await walks.way(2))[1] == ("first_order", 72)
    await joined(walks, 5, hours=82)
    await walks.world.step(walks.campaign_id, Action.FINISH)
    await walks.tick(83)
    assert (await walks.way(5))[-1] == ("*campaign_finished", 0)


async def test_members_move_to_a_version_that_somebody_else_approved(walks: Walks) -> None:
    before = journey({"a": wait(10, "b"), "b": wait_for(10, "c"), "c": wait(100)}, "a")
    await walks.lay_out(before)
    await joined(walks, 1, 2, 3)
    await joined(walks, 4, hours=15)
    for member in (2, 3):
        await walks.happens("order_paid", member, 16)
    await walks.happens("order_paid", 3, 17)
    await walks.tick(18)
    at_now = [(await walks.way(n))[-1][0] for n in (1, 2, 3, 4)]
    assert at_now == ["*b", "*c", "*c", "*a"]
    after = journey({"a": wait(2, "d"), "c": wait(20), "d": wait(5, "c")}, "a")
    version = await walks.change(after, Upgrade(rule="move", nodes={"b": "d"}))
    assert (version.version, version.running, version.proposed) == (2, 1, 2)
    await walks.approve(2)
    await walks.tick(19)
    assert (await walks.way(1))[1:] == [("b", 18), ("*d", 0)]  # moved on, as of then
    assert (await walks.way(2))[-1] == ("*c", 0)  # waits for 20 hours now, since it came
    assert (await walks.way(4))[1:] == [("a", 17), ("*d", 0)]  # 2 hours instead of 10: over
    await walks.tick(36.5)
    assert (await walks.way(2))[-3:] == [("c", 36), ("bye", 36), ("*end", 0)]
    assert {way.version for n in (1, 2, 3, 4) for way in await walks.ways(n)} == {2}


async def test_who_stays_goes_on_as_before(walks: Walks) -> None:
    await walks.lay_out(journey({"a": wait(10)}, "a"))
    await joined(walks, 1)
    await walks.change(journey({"a": wait(1)}, "a"), Upgrade())
    await walks.approve(2)
    await joined(walks, 2, hours=2)
    await walks.tick(4)
    assert await walks.way(1) == [("*a", 0)]
    assert await walks.way(2) == [("a", 3), ("bye", 3), ("*end", 0)]


async def test_of_two_ways_of_one_person_the_elder_goes_on(walks: Walks) -> None:
    await walks.lay_out(WELCOME)
    await joined(walks, 1)
    await joined(walks, 2, hours=1)
    await walks.world.merge((1, 2))
    await walks.merge((1, 2))
    assert [way.reason for way in await walks.ways(2)] == [None, "merged"]
    await walks.happens("order_paid", 1, 2)  # still told of the absorbed id
    await walks.tick(3)
    assert (await walks.ways(2))[0].reason == "end"
    await walks.world.split(2, 1)
    assert [way.reason for way in await walks.ways(1)] == ["end"]
    assert [way.reason for way in await walks.ways(2)] == ["merged"]


async def test_a_timer_and_64_workers_that_hear_an_event(walks: Walks) -> None:
    """Whoever is first, each step is taken once, and each member is in one place."""
    message = {"kind": "message", "next": "bye"}
    await walks.lay_out(journey({"w": wait_for(1, "m", "n"), "m": message, "n": message}, "w"))
    members = list(range(1, 101))
    await joined(walks, *members)
    walks.move(1)

    async def hears(worker: int) -> None:
        signals = [
            Signal("order_paid", f"o{n}", UUID(int=n), walks.hour(1), {})
            for n in members[worker % 10 :: 3]
        ]
        await walks.hear(*signals)

    async def looks(_worker: int) -> None:
        async with walks.world.db.transaction() as tx:
            assert walks.journey
            await running.take_on(tx, DESK, walks.journey.journey_id, walks.hour(1), 7)

    await asyncio.gather(*(each(n) for n in range(32) for each in (hears, looks)))
    await walks.tick(1)
    async with walks.world.db.transaction(readonly=True) as tx:
        asked = await tx.fetch(
            "SELECT original_member_id, count(*) AS n FROM contact_decision GROUP BY 1"
        )
    assert len(asked) == 100 and {row["n"] for row in asked} == {1}
    for n in members:
        way = await walks.way(n)
        assert [node for node, _ in way] in (["w", "m", "bye", "*end"], ["w", "n", "bye", "*end"])


async def test_a_crash_between_chunks_loses_and_doubles_nothing(
    walks: Walks, monkeypatch: Any
) -> None:
    await walks.lay_out(WELCOME)
    await walks.world.members(*range(1, 31))
    for n in range(1, 31):
        await walks.happens("registered", n, 0)
    monkeypatch.setattr(jobs, "CHUNK", 10)
    save, saved = repository.save, []

    async def dies(tx: Any, runs: Any) -> None:
        await save(tx, runs)
        saved.append(len(runs))
        if len(saved) == 2:
            raise ConnectionError("killed after the work, before the commit")

    monkeypatch.setattr(repository, "save", dies)
    for _ in range(2):
        try:
            await walks.tick(0)
        except ConnectionError:
            continue
    assert saved == [10, 10, 10, 10]
    async with walks.world.db.transaction(readonly=True) as tx:
        n = await tx.fetchval("SELECT count(*) FROM contact_decision")
        steps = await tx.fetch("SELECT jsonb_array_length(path) AS n FROM journey_run")
    assert n == 30 and [row["n"] for row in steps] == [1] * 30


async def test_a_tick_costs_what_is_due(walks: Walks) -> None:
    """Thirty thousand wait; nobody's wait is over: one look at an index."""
    await walks.lay_out(journey({"w": wait(1000)}, "w"))
    assert walks.journey
    async with walks.world.db.transaction() as tx:
        await tx.execute(
            "INSERT INTO journey_run (run_id, journey_id, version, member_id, original_member_id,"
            " occasion, entered_at, entered_by, node, at, due_at, wake_at) SELECT id, $1, 1, id,"
            " id, $2, $2, 'x', 'w', $2, $3, $3 FROM (SELECT md5(n::text)::uuid AS id"
            " FROM generate_series(1, 30000) n)",
            walks.journey.journey_id, walks.hour(0), walks.hour(1000),
        )  # fmt: skip
    async with walks.world.db.transaction() as tx:
        await tx.execute("ANALYZE journey_run")
        plan = await tx.fetch(
            "EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) SELECT run_id FROM journey_run"
            " WHERE journey_id = $1 AND ended_at IS NULL AND wake_at <= $2"
            " ORDER BY wake_at LIMIT 1000 FOR UPDATE SKIP LOCKED",
            walks.journey.journey_id, walks.hour(5),
        )  # fmt: skip
    touched = str(plan[0][0])
    assert "journey_run_due" in touched and "Seq Scan" not in touched


HAPPENINGS = st.lists(
    st.tuples(
        st.integers(1, 3), st.sampled_from(["order_paid", "tier_changed", "consent_withdrawn"]),
        st.integers(0, 60),
    ),
    max_size=12,
)  # fmt: skip
LONG = journey({
    "a": wait_for(10, "b", "c"), "b": wait(7, "d"), "c": {"kind": "message", "next": "d"},
    "d": wait_for(20, "e", "f", "tier_changed"), "e": wait_for(9, "a", "bye"), "f": wait(3),
}, "a", exits=[{"on": "consent_withdrawn", "name": "no"}])  # fmt: skip


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(happened=HAPPENINGS, data=st.data())
async def test_told_again_and_in_any_sequence_the_paths_are_the_same(
    walks: Walks, databases: Databases, happened: list[tuple[int, str, int]], data: st.DataObject
) -> None:
    """Between two looks it does not matter what is told first, or how often."""
    signals = [
        Signal(name, str(n), UUID(int=member), walks.hour(hours), {})
        for n, (member, name, hours) in enumerate(happened)
    ]
    looks = [*sorted(data.draw(st.sets(st.integers(0, 70), max_size=4))), 200]
    paths = []
    for shuffled in (False, True):
        await databases.empty("campaign")
        await walks.lay_out(LONG)
        await joined(walks, 1, 2, 3)
        before = -1
        for look in looks:
            told = [s for s in signals if walks.hour(before) < s.occurred_at <= walks.hour(look)]
            told.sort(key=lambda s: s.place)
            walks.move(look)
            if shuffled:
                for each in data.draw(st.permutations(told * data.draw(st.integers(1, 10)))):
                    await walks.hear(each)
            else:
                await walks.hear(*told)
            await walks.tick(look)
            before = look
        paths.append([await walks.way(n) for n in (1, 2, 3)])
        async with walks.world.db.transaction(readonly=True) as tx:
            lost = await tx.fetchval(
                "SELECT count(*) FROM journey_run WHERE (ended_at IS NULL) = (wake_at IS NULL)"
            )
        assert lost == 0
    assert paths[0] == paths[1]
    assert at(START) == walks.hour(0)
