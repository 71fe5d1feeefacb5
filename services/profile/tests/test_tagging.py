"""Tags follow facts and time."""

from services.profile.tests.world import NOON, World, activity, batch, days, index, member, order

from chassis.clock import DrivenClock
from contracts.roles import Role
from profile_service.tags import use_cases as tags


async def counts(world: World, role: Role = Role.ADMIN) -> dict[str, int]:
    async with world.db.transaction() as tx:
        found = (await tags.counts(tx, role)).data
    return {f"{row.tag}={row.value}" if row.value else row.tag: row.members for row in found}


async def stored(world: World) -> int:
    return int(await world.value("SELECT count(*) FROM member_tags"))


async def test_tags_follow_what_happens(world: World, clock: DrivenClock) -> None:
    clock.move(NOON, ticking=False)
    await world.register(1, NOON - days(1))
    assert await counts(world) == {"lifecycle=prospect": 1}
    await world.record(order("1", member(1)))
    assert await counts(world) == {"lifecycle=new": 1, "recent_buyer": 1}
    await world.collect(batch(activity("m", member_id=member(1), event="Cart Shared")))
    assert await counts(world) == {
        "lifecycle=new": 1, "recent_buyer": 1, "active": 1, "sharer": 1,
    }  # fmt: skip
    assert await world.value("SELECT count(*) FROM touched") == 0


async def test_tags_follow_time_alone(world: World, clock: DrivenClock) -> None:
    clock.move(NOON, ticking=False)
    await world.register(1, NOON - days(1))
    await world.record(order("1", member(1)))
    await tags.review_due(world.db, NOON)
    for later, expected in (
        (7, {"lifecycle=new": 1, "recent_buyer": 1}),
        (8, {"lifecycle=new": 1}),
        (30, {"lifecycle=growing": 1}),
        (31, {"lifecycle=silent": 1}),
        (91, {"lifecycle=lost": 1, "sleeping": 1}),
    ):
        clock.move(NOON + days(later), ticking=False)
        await tags.review_due(world.db, NOON + days(later))
        assert await counts(world) == expected


async def test_members_who_are_one_are_counted_once(world: World, clock: DrivenClock) -> None:
    clock.move(NOON, ticking=False)
    for number in (1, 2):
        await world.register(number)
        await world.record(order(f"{number}", member(number), channel=("pos", "web")[number - 1]))
    assert (await counts(world))["lifecycle=new"] == 2
    await world.link(member(2), member(1))
    assert await counts(world) == {"lifecycle=new": 1, "recent_buyer": 1, "multi_channel": 1}
    clock.move(NOON + days(100), ticking=False)
    assert await counts(world) == {"lifecycle=lost": 1, "multi_channel": 1}
    assert await stored(world) == 1  # the absorbed member's are gone on their day


async def test_unknown_visitors_have_no_tags(world: World) -> None:
    await world.collect(batch(activity("m", phone=1)))
    assert await counts(world) == {}
    await world.register(1)
    await world.link(index(1), member(1))
    assert "lifecycle=prospect" in await counts(world)


async def test_data_operators_see_groups_of_ten(world: World, clock: DrivenClock) -> None:
    clock.move(NOON, ticking=False)
    for number in range(10):
        await world.register(number, gender="male", birth_year=1980 if number else None)
    assert list(await counts(world, Role.DATA_OPERATOR)) == ["lifecycle=prospect"]
    assert len(await counts(world, Role.ANALYST)) > 1
