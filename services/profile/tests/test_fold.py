"""Whatever comes, in whatever order and however often: a profile is the fold of its rows."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from datetime import date, timedelta
from functools import partial
from typing import Any

import pytest
from services.profile.tests.world import NOON, World, activity, batch, days, index, member, order

from chassis.clock import DrivenClock, midnight
from contracts.events import ActivityBatch, Provenance, RecordedOrder
from contracts.gateway_events import ConsentAnswer, ConsentChanged
from profile_service.profiles import use_cases as profiles
from profile_service.rights import use_cases as rights
from profile_service.subjects import repository as subject_rows
from testkit import eventually

Delivery = Callable[[], Awaitable[None]]
MEMBERS = 4
FOLDED = """
SELECT root, count(DISTINCT order_no), coalesce(sum(paid_fen), 0), max(paid_at)
FROM purchase JOIN subject ON subject.id = subject_id GROUP BY root ORDER BY root"""


async def seen_profiles(world: World) -> dict[int, Any]:
    """Every member's profile, the way the API shows it."""
    async with world.db.transaction(readonly=True) as tx:
        return {
            number: (await profiles.profile(tx, member(number))).model_dump()
            for number in range(MEMBERS)
        }


def some_orders(rng: random.Random, number: int) -> list[RecordedOrder]:
    return [
        order(
            f"{number}-{n}",
            member(rng.randrange(MEMBERS)),
            at=NOON - timedelta(hours=rng.randrange(24 * 80), seconds=100 * number + n),
            items=[
                (rng.choice(["apple", "soap", "other"]), 1, rng.randrange(1, 900))
                for _ in range(rng.randrange(1, 5))
            ],
            channel=rng.choice(["pos", "ecommerce"]),
            coupons=["c"] if rng.random() < 0.2 else [],
        )
        for n in range(5)
    ]


def some_activities(rng: random.Random, number: int) -> ActivityBatch:
    return batch(
        *(
            activity(
                f"{number}-{n}",
                at=NOON - timedelta(minutes=rng.randrange(60 * 24 * 50), seconds=10 * number + n),
                phone=rng.randrange(2 * MEMBERS),
                event=rng.choice(["Product Viewed", "Product Shared"]),
                channel=rng.choice(["app", "miniprogram"]),
                properties={"sku": rng.choice(["apple", "soap"])},
                type=(kind := rng.choice(["track", "identify"])),
                traits={"size": rng.randrange(9)} if kind == "identify" else {},
            )
            for n in range(6)
        )
    )


def year_of_events(world: World, rng: random.Random) -> list[Delivery]:
    """Everything that happens, each as a delivery that can be made any number of times.

    Phones 0–7 belong to members 0–3, two each; members 1 and 2 turn out to be 0, 2 by way of 1.
    """
    events: list[Delivery] = [
        partial(world.link, index(phone), member(phone // 2)) for phone in range(2 * MEMBERS)
    ]
    events.append(partial(world.link, member(1), member(0), NOON + days(1)))
    events.append(partial(world.link, member(2), member(1), NOON))
    for number in range(6):
        orders = some_orders(rng, number)
        back = orders[0]
        events.append(partial(world.record, *orders))
        events.append(partial(world.collect, some_activities(rng, number)))
        events.append(partial(world.refund, back.order_no, "r", back.member_id, back.paid_fen // 2))
    return events


@pytest.mark.parametrize("seed", range(4))
async def test_reordered_and_redelivered_events_give_the_same_profiles(
    world: World, clock: DrivenClock, seed: int
) -> None:
    clock.move(NOON + days(2), ticking=False)
    await world.products(apple="FRUIT", soap="HOME")
    for number in range(MEMBERS):
        await world.register(number, NOON - days(100 + number), gender="female", birth_year=1980)
    events = year_of_events(world, random.Random("the same events"))
    random.Random(seed).shuffle(events)
    for deliver in events:
        await deliver()
        if random.Random(seed).random() < 0.3:
            world.restart()
    once = await seen_profiles(world)
    for deliver in random.Random(seed).sample(events, 12):
        await deliver()  # as after a lost acknowledgement, in a new message
    assert await seen_profiles(world) == once
    assert once[0] == once[1] == once[2] != once[3]
    assert sum(once[number]["purchases"]["orders"] for number in (0, 3)) == 30
    assert sum(once[number]["activity"]["events"] for number in (0, 3)) == 36
    await check_against_rows(world, once)
    KNOWN.setdefault("profiles", once)
    assert once == KNOWN["profiles"]  # of the other orders of arrival


KNOWN: dict[str, Any] = {}


async def check_against_rows(world: World, profiles: dict[int, Any]) -> None:
    async with world.db.transaction(readonly=True) as tx:
        rows = await tx.fetch(FOLDED)
        lines = await tx.fetchval("SELECT count(*) FROM purchase_line")
        back = await tx.fetchval("SELECT sum(refund_fen) FROM refund")
    shown = [profiles[number]["purchases"] for number in (0, 3)]
    assert sorted((row[1], int(row[2]), row[3]) for row in rows) == sorted(
        (p["orders"], p["paid"]["amount"], p["last_at"]) for p in shown
    )
    assert sum(p["lines"] for p in shown) == lines
    assert sum(p["refunded"]["amount"] for p in shown) == back


async def test_a_message_that_comes_again_in_another_batch_counts_once(world: World) -> None:
    await world.register(1)
    await world.link(index(1), member(1))
    first = activity("m-1", phone=1)
    await world.collect(batch(first, first), batch(first, activity("m-2", phone=1)))
    world.restart()
    again = activity("m-1", phone=1, at=NOON + timedelta(seconds=3))  # another time of receipt
    await world.collect(batch(again))
    assert await world.value("SELECT count(*) FROM activity") == 2
    assert await world.value("SELECT sum(n) FROM activity_day") == 2


async def test_message_ids_are_forgotten_after_a_week_or_two(
    world: World, clock: DrivenClock
) -> None:
    clock.move(NOON, ticking=False)
    await world.collect(batch(activity("m-1", phone=1)))
    for weeks, known in ((1, 1), (2, 0)):
        clock.move(NOON + days(7 * weeks), ticking=False)
        async with world.db.transaction() as tx:
            await world.collector.forget(tx, tx.now)
        assert await world.value("SELECT count(*) FROM seen") == known


async def test_an_unknown_visitor_is_adopted_with_all_that_was_done(world: World) -> None:
    await world.register(1)
    at = NOON - days(3)
    view = activity("m-1", phone=1, at=at, channel="app", properties={"sku": "apple"})
    tell = activity("m-2", phone=1, at=at, type="identify", event=None, traits={"size": "L"})
    await world.collect(batch(view, tell))
    assert (await seen(world, 1))["activity"]["events"] == 0
    await world.link(index(1), member(1))
    adopted = await seen(world, 1)
    assert adopted["activity"]["events"] == 2
    assert adopted["activity"]["viewed"] == ["apple"]
    assert adopted["activity"]["by_channel"] == {"app": 1}
    assert adopted["traits"] == {"size": "L"}


async def test_a_trait_may_be_anything_that_json_has(world: World) -> None:
    await world.register(1)
    told: dict[str, Any] = {
        "list": ["tea", 1], "pairs": [[1, 2], [3]], "none": None, "map": {"a": [True]}, "text": "x",
    }  # fmt: skip
    await world.collect(
        batch(activity("m", member_id=member(1), type="identify", event=None, traits=told))
    )
    found = (await seen(world, 1))["traits"]
    assert found == {name: value for name, value in told.items() if value is not None}


async def test_a_later_trait_wins_whenever_it_arrives(world: World) -> None:
    await world.register(1)
    told = [
        batch(activity(f"m-{n}", member_id=member(1), type="identify", at=NOON + timedelta(hours=n),
                       traits={"size": n, "gone": None if n == 2 else "here"}))
        for n in (1, 2, 0)
    ]  # fmt: skip
    for one in told:
        await world.collect(one)
    assert (await seen(world, 1))["traits"] == {"size": 2}


async def seen(world: World, number: int) -> Any:
    async with world.db.transaction(readonly=True) as tx:
        return (await profiles.profile(tx, member(number))).model_dump()


async def test_broken_clocks_and_nobodys_messages_are_kept(world: World) -> None:
    nobody = activity("m-1")
    long_ago = activity("m-2", phone=1, at=NOON - days(6000))
    await world.collect(batch(nobody, long_ago))
    assert await world.value("SELECT count(*) FROM activity") == 2
    assert await world.value("SELECT count(*) FROM activity WHERE subject_id IS NULL") == 1
    await world.record(order("1", member(1), at=NOON.replace(year=1999)))
    assert await world.value("SELECT count(*) FROM purchase_default") == 1


async def test_spending_goes_by_the_department_of_the_day(world: World) -> None:
    await world.register(1)
    await world.products(apple="FRUIT")
    await world.record(order("1", member(1)))
    await world.products(apple="SNACKS")
    await world.record(order("2", member(1)), order("2", member(1)))
    shown = (await seen(world, 1))["purchases"]
    assert shown["by_department_fen"] == {"FRUIT": 250, "SNACKS": 250}


async def test_who_is_split_has_the_profile_of_who_was_never_merged(
    world: World, clock: DrivenClock
) -> None:
    """Facts that came while they were one go to the id or identifier they were told of."""
    clock.move(NOON + days(2), ticking=False)
    for number in range(MEMBERS):
        await world.register(number, NOON - days(100 + number), gender="female", birth_year=1980)
    for phone in range(2 * MEMBERS):
        await world.link(index(phone), member(phone // 2))
    rng = random.Random("split")
    apart = [partial(world.record, *some_orders(rng, number)) for number in range(3)] + [
        partial(world.collect, some_activities(rng, number)) for number in range(6)
    ]
    for deliver in apart[::2]:
        await deliver()
    await world.link(member(1), member(0), NOON + days(1))
    await world.link(member(0), member(3), NOON + days(1))
    for deliver in apart[1::2]:
        await deliver()
    merged = await seen_profiles(world)
    assert merged[1] == merged[0] == merged[3]
    await world.split(member(3), member(1), NOON + days(2))
    await world.link(member(1), member(0), NOON + days(1))  # redelivered
    half = await seen_profiles(world)
    assert half[0] == half[3] != half[1]
    await world.split(member(3), member(0), NOON + days(2))
    parted = await seen_profiles(world)
    async with world.db.transaction(readonly=True) as tx:
        rows = await tx.fetch(FOLDED)
        by_member = await tx.fetch(
            "SELECT coalesce(s.member_id, p.member_id) AS member_id, sum(n) AS n"
            " FROM activity_day d JOIN subject s ON s.id = d.subject_id"
            " LEFT JOIN subject p ON p.id = s.parent GROUP BY 1"
        )
        bought = await tx.fetch(
            "SELECT member_id, count(*) AS n FROM purchase JOIN subject s ON s.id = subject_id"
            " GROUP BY 1"
        )
    assert sum(row["count"] for row in rows) == 15
    for key, found in (("activity", by_member), ("purchases", bought)):
        count = "events" if key == "activity" else "orders"
        told = {row["member_id"]: row["n"] for row in found}
        for number in range(MEMBERS):
            assert parted[number][key][count] == told.get(member(number), 0)


async def test_who_makes_the_same_subjects_waits_instead_of_failing(world: World) -> None:
    """Two streams meet new members in other sequences: no deadlock, whoever is second waits."""
    first, second = {member(8)}, {member(7), member(8)}

    async def other() -> dict[Any, int]:
        async with world.db.transaction() as tx:
            return await subject_rows.ids_of(tx, second)

    async def waiting() -> bool:
        async with world.db.statement() as tx:
            return bool(await tx.fetchval("SELECT count(*) FROM pg_locks WHERE NOT granted"))

    async with world.db.transaction() as tx:
        made = await subject_rows.ids_of(tx, first)
        task = asyncio.create_task(other())
        await eventually(waiting)
        made |= await subject_rows.ids_of(tx, {member(7)})
    assert await task == made


async def begins(world: World, day: date) -> None:
    async with world.db.transaction() as tx:
        await world.collector.forget(tx, midnight(day))


async def test_what_third_parties_tell_has_an_origin_and_an_end(world: World) -> None:
    await world.register(1)

    def told(n: int, origin: Provenance | None, **traits: Any) -> ActivityBatch:
        at = NOON + timedelta(minutes=n)
        fields: dict[str, Any] = {"member_id": member(1), "type": "identify", "event": None}
        return batch(activity(f"m-{n}", at=at, traits=traits, provenance=origin, **fields))

    origin = Provenance("provider-x", 0.75, date(2017, 7, 1))
    own = told(1, None, interests=["tea"])
    theirs = told(2, origin, interests=["golf"], spending_power="high")
    for one in (theirs, own, theirs):  # in whatever sequence: a person's own word counts more
        await world.collect(one)
    found = await seen(world, 1)
    assert found["traits"] == {"interests": ["tea"], "spending_power": "high"}
    (told_by,) = found["trait_origins"]
    assert (told_by["name"], told_by["source"], told_by["confidence"]) == (
        "spending_power", "provider-x", 0.75,
    )  # fmt: skip
    assert found["activity"]["events"] == 1, "what others know is nothing that the member did"
    await begins(world, date(2017, 7, 1))
    assert "spending_power" in (await seen(world, 1))["traits"]
    await begins(world, date(2017, 7, 2))
    assert (await seen(world, 1))["traits"] == {"interests": ["tea"]}


async def test_who_says_no_to_third_parties_is_known_by_none(world: World) -> None:
    await world.register(1)
    origin = Provenance("provider-x", 0.75, date(2099, 1, 1))
    fields: dict[str, Any] = {"member_id": member(1), "type": "identify", "event": None}
    told = {"spending_power": "high"}
    await world.collect(batch(activity("m", traits=told, provenance=origin, **fields)))
    assert (await seen(world, 1))["traits"] == told
    answer = ConsentAnswer(member(1), "third_party_sharing", None, granted=False)
    async with world.db.transaction() as tx:
        await rights.changed(tx, world.ids, [ConsentChanged([answer], NOON)])
    assert (await seen(world, 1))["traits"] == {}
