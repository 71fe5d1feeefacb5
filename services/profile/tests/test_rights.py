"""Who says no is not watched; who is erased is forgotten by every process."""

import asyncio
from typing import Any
from uuid import UUID

from services.profile.tests.world import (
    NOON,
    World,
    activity,
    batch,
    days,
    index,
    member,
    order,
    told,
)

from contracts.gateway_events import ConsentAnswer, ConsentChanged
from profile_service.collect.use_cases import DROPPED
from profile_service.rights import use_cases as rights
from testkit import eventually

TABLES = ("activity", "activity_day", "trait")


async def says(world: World, granted: bool, *members: UUID) -> None:
    """What the gateway tells of members' answers to personal recommendations."""
    answers = [ConsentAnswer(each, rights.PERSONAL, None, granted) for each in members]
    async with world.db.transaction() as tx:
        await rights.changed(tx, world.ids, [ConsentChanged(answers, NOON)])


async def erase(world: World, *members: UUID) -> None:
    async with world.db.transaction() as tx:
        await rights.erase(tx, members)


async def kept(world: World) -> list[int]:
    """Rows about behaviour."""
    return [int(await world.value(f"SELECT count(*) FROM {table}")) for table in TABLES]


def did(name: str, **who: Any) -> Any:
    """A batch of something seen and something told."""
    return batch(
        activity(f"{name}-1", **who),
        activity(f"{name}-2", type="identify", event=None, traits={"style": "organic"}, **who),
    )


async def test_who_says_no_is_not_watched(world: World) -> None:
    shopper = await world.register(1)
    await world.link(index(1), shopper)
    await world.collect(did("before", member_id=shopper), did("phone", phone=1))
    await world.record(order("1", shopper))
    assert await kept(world) == [4, 4, 2]
    await says(world, False, shopper)
    assert await kept(world) == [0, 0, 0]
    before = DROPPED._value.get()
    visitor = batch(activity("other", phone=2))
    await world.collect(did("after", member_id=shopper), did("with-phone", phone=1), visitor)
    assert await kept(world) == [1, 1, 0]  # the visitor's
    assert DROPPED._value.get() - before == 4
    assert await world.value("SELECT orders FROM spending") == 1  # what was bought is the contract
    await world.record(order("2", shopper))
    assert await world.value("SELECT orders FROM spending") == 2
    await says(world, True, shopper)
    await world.collect(did("after", member_id=shopper))  # what was dropped stays dropped
    await world.collect(did("again", member_id=shopper))
    assert await kept(world) == [3, 3, 1]


async def test_a_no_may_be_heard_before_the_registration(world: World) -> None:
    await says(world, False, member(1))
    await world.register(1)
    await world.collect(did("x", member_id=member(1)))
    assert await kept(world) == [0, 0, 0]


async def test_a_no_holds_for_whoever_was_merged(world: World) -> None:
    """identity merges; the gateway tells that the survivor inherits the no, in either sequence."""
    for number, first in ((1, "merge"), (11, "no")):
        survivor, absorbed = await world.register(number), await world.register(number + 1)
        await says(world, False, absorbed)
        if first == "no":
            await says(world, False, survivor)
        await world.link(absorbed, survivor, NOON + days(1))
        if first == "merge":
            await says(world, False, survivor)
        await world.collect(did(first, member_id=absorbed), did(f"{first}+", member_id=survivor))
    assert await kept(world) == [0, 0, 0]


async def test_another_process_does_not_remember_the_erased(world: World) -> None:
    other = World(world.db)
    shopper = await world.register(1)
    await world.link(index(1), shopper)
    await other.collect(did("before", phone=1))  # remembers whose phone it is
    await erase(world, shopper)
    await other.collect(did("after", phone=1))
    assert await kept(world) == [2, 2, 1]
    orphans = "SELECT count(*) FROM activity a WHERE NOT EXISTS"
    assert await world.value(f"{orphans} (SELECT FROM subject WHERE id = a.subject_id)") == 0
    assert await world.value("SELECT count(*) FROM subject") == 1  # somebody new


async def test_erasure_waits_for_what_is_being_collected(world: World) -> None:
    shopper = await world.register(1)
    async with world.db.transaction() as tx:
        await world.collector.collect(tx, told(did("under-way", member_id=shopper)))
        erasing = asyncio.create_task(erase(world, shopper))
        waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype = 'advisory'"
        await eventually(lambda: world.value(waiting))
        assert not erasing.done()
    await erasing
    assert await kept(world) == [0, 0, 0]
