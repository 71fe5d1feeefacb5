"""Segments follow facts and time, and tell who has entered and who has left."""

from typing import Any
from uuid import UUID

import msgspec
import pytest
from services.profile.tests.test_api import get, registered, tell
from services.profile.tests.world import NOON, World, activity, batch, days, index, member, order

from chassis.clock import DrivenClock
from chassis.problem import Problem
from contracts import segments as api
from contracts.classification import Kind
from contracts.events import IdentifierLinked, MembersMerged, OrdersRecorded, TierChanged
from contracts.gateway_events import ConsentAnswer, ConsentChanged
from contracts.roles import Role
from profile_service.rights import use_cases as rights
from profile_service.segments import use_cases as segments
from profile_service.segments.bitmaps import Bitmaps
from profile_service.tags import use_cases as tags
from testkit import eventually
from testkit.apps import RunningApp

BOUGHT = {"event": "Order", "days": 7}
ABANDONED = {"sequence": {"first": "Cart Viewed", "then_not": "Order", "days": 2, "within": 30}}


class Shop:
    """The world with bitmaps, and what was told."""

    def __init__(self, world: World, clock: DrivenClock) -> None:
        self.world, self.clock, self.bitmaps = world, clock, Bitmaps()

    async def day(self, n: int) -> None:
        self.clock.move(NOON + days(n), ticking=False)
        await tags.review_due(self.world.db, NOON + days(n))

    async def define(self, definition: Any, segment_id: UUID | None = None) -> UUID:
        async with self.world.db.transaction() as tx:
            body = api.SegmentBody(name="s", definition=definition)
            return (await segments.define(tx, body, "me", segment_id)).segment_id

    async def inside(self, segment_id: UUID) -> set[int]:
        async with self.world.db.transaction(readonly=True) as tx:
            found = await segments.members(tx, self.bitmaps, segment_id, 200, None)
            counted = await segments.count(tx, self.bitmaps, segment_id)
        assert counted.members == len(found.data)
        return {row.member_id.int for row in found.data}

    async def told(self, segment_id: UUID) -> list[tuple[str, set[int]]]:
        """Since this was asked last."""
        async with self.world.db.transaction() as tx:
            rows = await tx.fetch(
                "WITH gone AS (DELETE FROM outbox WHERE subject LIKE 'profile.segment%'"
                " RETURNING id, subject, payload) SELECT subject, payload FROM gone ORDER BY id"
            )
        found = [(row["subject"], msgspec.json.decode(row["payload"])) for row in rows]
        return [
            (subject.split(".")[1].removeprefix("segment_"), {UUID(m).int for m in told["members"]})
            for subject, told in found
            if told["segment_id"] == str(segment_id)
        ]


@pytest.fixture
def shop(world: World, clock: DrivenClock) -> Shop:
    clock.move(NOON, ticking=False)
    return Shop(world, clock)


async def test_membership_follows_facts_and_time_and_is_told_once(shop: Shop) -> None:
    for n in (1, 2, 3):
        await shop.world.register(n, NOON - days(1))
    await shop.world.record(order("1", member(1)))
    await shop.day(0)
    buyers = await shop.define(BOUGHT)
    others = await shop.define({"not": {"segment": str(buyers)}})
    assert await shop.inside(buyers) == {1} and await shop.inside(others) == {2, 3}
    assert await shop.told(others) == [("entered", {2, 3})]
    await shop.world.record(order("2", member(2)), order("3", member(1), at=NOON))
    await shop.day(0)
    assert await shop.inside(buyers) == {1, 2} and await shop.inside(others) == {3}
    assert await shop.told(buyers) == [("entered", {2})]  # nothing about 1, who stayed
    await shop.day(6)
    assert await shop.told(buyers) == []
    await shop.day(7)  # nothing happened: that is why
    assert await shop.inside(buyers) == set()
    assert await shop.told(buyers) == [("left", {1, 2})]


async def test_a_cart_left_behind(shop: Shop) -> None:
    for n in (1, 2):
        await shop.world.register(n)
        await shop.world.collect(batch(activity(f"c{n}", member_id=member(n), event="Cart Viewed")))
    left_behind = await shop.define(ABANDONED)
    await shop.day(1)
    await shop.world.record(order("1", member(2), at=NOON + days(1)))
    await shop.day(2)
    assert await shop.inside(left_behind) == set()
    await shop.day(3)
    assert await shop.inside(left_behind) == {1}
    await shop.day(30)
    assert await shop.inside(left_behind) == set()


async def test_merges_and_splits_move_memberships(shop: Shop) -> None:
    for n in (1, 2, 3):
        await shop.world.register(n)
    for n in (1, 2):
        await shop.world.record(order(str(n), member(n)))
    both = await shop.define({"event": "Order", "count": {"at_least": 2}})
    buyers = await shop.define({"event": "Order"})
    await shop.day(0)
    await shop.told(buyers)
    await shop.world.link(member(1), member(2))
    await shop.day(0)
    assert await shop.inside(both) == {2} and await shop.inside(buyers) == {2}
    assert await shop.told(buyers) == []  # the survivor was in, so the person stays
    await shop.world.link(member(2), member(3), NOON + days(1))
    await shop.day(0)
    assert await shop.inside(buyers) == {3}
    assert await shop.told(buyers) == [("entered", {3})]
    async with shop.world.db.transaction() as tx:  # what a split does
        await tx.execute("UPDATE subject SET parent = NULL, root = id WHERE member_id IS NOT NULL")
        await tx.execute("INSERT INTO touched (subject_id) SELECT id FROM subject")
    await shop.day(0)
    assert await shop.inside(buyers) == {1, 2} and await shop.inside(both) == set()
    assert await shop.told(buyers) == [("left", {3}), ("entered", {1, 2})]


async def test_who_objects_or_is_erased_is_in_no_segment(shop: Shop) -> None:
    for n in (1, 2, 3):
        await shop.world.register(n)
    everybody = await shop.define({"not": {"tag": "nonsense"}})
    await shop.day(0)
    assert await shop.inside(everybody) == {1, 2, 3}
    await shop.told(everybody)
    async with shop.world.db.transaction() as tx:
        await rights.object_to(tx, [member(1)])
    assert await shop.inside(everybody) == {2, 3}
    assert await shop.told(everybody) == [("left", {1})]
    async with shop.world.db.transaction() as tx:
        await rights.erase(tx, [member(2)])
    assert await shop.inside(everybody) == {3}
    async with shop.world.db.transaction() as tx:
        yes = ConsentAnswer(member(1), rights.PERSONAL, None, True)
        await rights.changed(tx, shop.world.ids, [ConsentChanged([yes], NOON)])
    await shop.day(0)
    assert await shop.inside(everybody) == {1, 3}


async def test_definitions_have_versions_and_no_rings(shop: Shop) -> None:
    for n in (1, 2):
        await shop.world.register(n, gender=("male", "female")[n - 1])
    await shop.day(0)
    one = await shop.define({"attribute": "gender", "is": "male"})
    other = await shop.define({"not": {"segment": str(one)}})
    assert (await shop.inside(one), await shop.inside(other)) == ({1}, {2})
    await shop.define({"attribute": "gender", "is": "female"}, one)
    assert (await shop.inside(one), await shop.inside(other)) == ({2}, {1})  # whoever needs it too
    with pytest.raises(Problem, match="ring"):
        await shop.define({"segment": str(other)}, one)
    async with shop.world.db.transaction(readonly=True) as tx:
        history = await segments.history(tx, one)
    assert [each.version for each in history.versions] == [2, 1]
    assert history.versions[1].definition == {"attribute": "gender", "is": "male"}


async def test_bitmaps_read_anew_are_those_that_followed(shop: Shop) -> None:
    """A process that starts late, and one that was there all the time."""
    for n in range(1, 40):
        await shop.world.register(n, gender=("male", "female", None)[n % 3])
        if n % 2:
            await shop.world.record(order(str(n), member(n)))
    buyers = await shop.define({"all": [BOUGHT, {"attribute": "gender", "is": "male"}]})
    await shop.day(0)
    first = await shop.inside(buyers)
    await shop.world.record(*(order(f"b{n}", member(n)) for n in range(10, 20)))
    await shop.world.link(member(3), member(4))
    await shop.day(0)
    followed = await shop.inside(buyers)
    shop.bitmaps = Bitmaps()
    assert await shop.inside(buyers) == followed != first
    async with shop.world.db.transaction(readonly=True) as tx:
        body = api.PreviewBody(definition=BOUGHT)
        bought = (await segments.preview(tx, shop.bitmaps, body)).members
    assert bought == await shop.world.value(
        "SELECT count(DISTINCT root) FROM purchase JOIN subject ON subject.id = subject_id"
    )


async def test_segments_over_http_and_the_bus(profile: RunningApp, clock: DrivenClock) -> None:
    clock.move(NOON, ticking=False)
    await tell(profile, *(registered(n) for n in range(1, 6)))
    await tell(
        profile,
        IdentifierLinked(member(1), Kind.PHONE, index(1), NOON, "registration"),
        TierChanged(member(1), "gold", "regular", "order", NOON),
        TierChanged(member(2), "gold", "regular", "order", NOON),
        ConsentChanged([ConsentAnswer(member(n), "marketing", "sms", n > 1) for n in (1, 2)], NOON),
        OrdersRecorded([order("o", member(n)) for n in (1,)]),
        MembersMerged(UUID(int=9), member(4), member(5), NOON, index(1)),
    )
    planner = profile.headers(Role.PLANNER)

    async def post(path: str, body: Any, status: int = 200) -> Any:
        answer = await profile.client.post(f"/v1/segments{path}", json=body, headers=planner)
        assert answer.status_code == status, answer.text
        return answer.json()

    gold = {"all": [{"tier": "gold"}, {"consent": "marketing", "channel": "sms"}]}
    made = await post("", {"name": "金卡", "definition": gold}, 201)
    segment = f"/v1/segments/{made['segment_id']}"

    async def counts(n: int) -> bool:
        return bool((await get(profile, f"{segment}/count"))["members"] == n)

    await eventually(lambda: counts(1), says="the golden")
    assert (await get(profile, f"{segment}/members"))["data"] == [{"member_id": str(member(2))}]
    await tell(profile, TierChanged(member(2), "regular", "gold", "review", NOON + days(1)))
    await eventually(lambda: counts(0), says="nobody is")
    tried = await post("/preview", {"definition": {"not": {"event": "Order"}}})
    assert tried == {"members": 3, "everybody": 4, "conditions": [
        {"pointer": "/definition/not", "members": 1}]}  # fmt: skip
    bad = await post("", {"name": "x", "definition": {"all": [{"tier": []}, {}]}}, 422)
    assert [error["pointer"] for error in bad["errors"]] == [
        "/definition/all/0/tier", "/definition/all/0/tier", "/definition/all/1",
    ]  # fmt: skip
    listed = await post("", {"name": "名单"}, 201)
    path = f"/{listed['segment_id']}/members"
    ids = [str(member(n)) for n in (1, 2, 5, 77)]
    assert await post(path, {"add": ids}) == {"added": 3, "removed": 0, "unknown": 1}
    both = [listed["segment_id"], made["segment_id"]]

    async def all_listed() -> bool:
        found = await post("/overlap", {"segments": both})
        return bool(found["sizes"][0]["members"] == 3 and found["in_all"] == 0)

    await eventually(all_listed, says="on the list")
    first = await get(profile, f"/v1/segments{path}?limit=2")
    rest = await get(profile, f"/v1/segments{path}?limit=2&cursor={first['next_cursor']}")
    assert len(first["data"]) == 2 and rest["next_cursor"] is None
    assert str(member(4)) in {row["member_id"] for row in first["data"] + rest["data"]}  # survivor
    steps = [{"segment": listed["segment_id"]}, {"event": "Order"}]
    assert (await post("/funnel", {"steps": steps}))["data"] == [{"members": 3}, {"members": 1}]
