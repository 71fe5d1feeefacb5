"""Tags follow facts and time."""

from uuid import UUID

import msgspec
from services.profile.tests.world import NOON, World, activity, batch, days, index, member, order

from chassis.clock import DrivenClock
from contracts.campaign.journey_events import MembersTagged
from contracts.points_events import TagsChanged
from profile_service.tags import use_cases as tags

NEW = {"customer_group=new": 1}


async def counts(world: World) -> dict[str, int]:
    async with world.db.transaction() as tx:
        found = (await tags.counts(tx)).data
    return {f"{row.tag}={row.value}" if row.value else row.tag: row.members for row in found}


async def stored(world: World) -> int:
    return int(await world.value("SELECT count(*) FROM member_tags"))


async def told(world: World) -> list[tuple[UUID, list[str]]]:
    """What was told of whom since this was asked last, in sequence."""
    async with world.db.transaction() as tx:
        rows = await tx.fetch(
            "WITH gone AS (DELETE FROM outbox WHERE subject = $1 RETURNING id, payload)"
            " SELECT payload FROM gone ORDER BY id",
            TagsChanged.subject,
        )
    found = [msgspec.json.decode(row["payload"], type=TagsChanged).members for row in rows]
    told = [row for members in found for row in members]
    assert [row[1] for row in told] == sorted({row[1] for row in told})  # each version once
    return [(member_id, tags) for member_id, _, tags in told]


async def test_whoever_has_other_tags_is_told_once(world: World, clock: DrivenClock) -> None:
    clock.move(NOON, ticking=False)
    for number in (1, 2):
        await world.register(number, NOON - days(1))
    await world.record(order("1", member(1)))
    await tags.review_due(world.db, NOON)
    group = ["customer_group", "customer_group=new"]
    new = [*group, "lifecycle", "lifecycle=new", "recent_buyer"]
    prospect = [*group, "lifecycle", "lifecycle=prospect"]
    assert await told(world) == [(member(1), new), (member(2), prospect)]
    await world.collect(batch(activity("m", member_id=member(1), event="Cart Shared")))
    await tags.review_due(world.db, NOON)
    assert await told(world) == [(member(1), ["active", *new, "sharer"])]
    await world.collect(batch(activity("n", member_id=member(1), event="Cart Shared")))
    await world.record(order("2", member(1)))  # surer of it, and not told
    await tags.review_due(world.db, NOON)
    assert await told(world) == []
    clock.move(NOON + days(9), ticking=False)
    await tags.review_due(world.db, NOON)
    said = dict(await told(world))
    now = said[member(1)]
    assert "recent_buyer" not in now and "first_purchase_due" in said[member(2)]
    await world.link(member(1), member(2))
    await tags.review_due(world.db, NOON)
    assert await told(world) == [(member(2), now)]  # all that both did


async def test_tags_follow_what_happens(world: World, clock: DrivenClock) -> None:
    clock.move(NOON, ticking=False)
    await world.register(1, NOON - days(1))
    assert await counts(world) == {"lifecycle=prospect": 1} | NEW
    await world.record(order("1", member(1)))
    assert await counts(world) == {"lifecycle=new": 1, "recent_buyer": 1} | NEW
    await world.collect(batch(activity("m", member_id=member(1), event="Cart Shared")))
    assert await counts(world) == {
        "lifecycle=new": 1, "recent_buyer": 1, "active": 1, "sharer": 1,
    } | NEW  # fmt: skip
    assert await world.value("SELECT count(*) FROM touched") == 0


async def test_tags_follow_time_alone(world: World, clock: DrivenClock) -> None:
    clock.move(NOON, ticking=False)
    await world.register(1, NOON - days(1))
    await world.record(order("1", member(1)))
    await tags.review_due(world.db, NOON)
    for later, expected in (
        (7, {"lifecycle=new": 1, "recent_buyer": 1} | NEW),
        (8, {"lifecycle=new": 1} | NEW),
        (30, {"lifecycle=growing": 1} | NEW),
        (31, {"lifecycle=silent": 1} | NEW),
        (91, {"lifecycle=lost": 1, "sleeping": 1, "customer_group=sleeping": 1}),
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
    both = {"multi_channel": 1}
    assert await counts(world) == {"lifecycle=new": 1, "recent_buyer": 1} | NEW | both
    clock.move(NOON + days(100), ticking=False)
    assert await counts(world) == {"lifecycle=lost": 1, "customer_group=active": 1} | both
    assert await stored(world) == 1  # the absorbed member's are gone on their day


async def test_unknown_visitors_have_no_tags(world: World) -> None:
    await world.collect(batch(activity("m", phone=1)))
    assert await counts(world) == {}
    await world.register(1)
    await world.link(index(1), member(1))
    assert "lifecycle=prospect" in await counts(world)


async def test_a_journey_tags_members_for_some_days(world: World, clock: DrivenClock) -> None:
    clock.move(NOON, ticking=False)
    await world.register(1, NOON - days(1))
    await tags.review_due(world.db, NOON)
    await told(world)
    until = (NOON + days(7)).date()
    event = MembersTagged(UUID(int=9), "t", "newcomer", None, until, [member(1), UUID(int=77)])
    for _ in range(2):
        async with world.db.transaction() as tx:
            await tags.pin_all(tx, [event])
    await tags.review_due(world.db, NOON)
    assert "newcomer" in dict(await told(world))[member(1)]
    clock.move(NOON + days(8), ticking=False)
    await tags.review_due(world.db, NOON)
    assert "newcomer" not in dict(await told(world))[member(1)]
