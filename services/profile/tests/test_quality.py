"""Quality of data: what is measured, what it is called, and that weeks are kept."""

from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from services.profile.tests.test_api import tell
from services.profile.tests.world import NOON, World, activity, batch, member, order

from chassis.clock import PROGRAM_ZONE, DrivenClock, midnight
from chassis.problem import Problem
from contracts.events import DuplicatesHunted, Product, Store
from contracts.gateway_events import (
    CorrectionCount,
    CorrectionsMade,
    QuarantineChanged,
    QuarantineCount,
)
from contracts.quality import QualityReport
from contracts.roles import Role
from profile_service.catalogue import use_cases as catalogue
from profile_service.quality import domain, use_cases
from profile_service.quality.domain import Days, Limits
from testkit.apps import RunningApp

LIMITS = Limits(0.95, 0.01, 300)
WEEK = Days(date(2017, 3, 13), date(2017, 3, 20))  # NOON is its Wednesday


async def measured(world: World, days: Days = WEEK) -> QualityReport:
    await world.watch.write_down(world.db, NOON)
    async with world.db.transaction(readonly=True) as tx:
        return await use_cases.measured(tx, LIMITS, days, unread=0)


def aside(reason: str, pointer: str, n: int, day: date = NOON.date()) -> QuarantineCount:
    return QuarantineCount(day, "order", reason, pointer, n)


async def hear(world: World, *events: QuarantineChanged) -> None:
    async with world.db.transaction() as tx:
        await use_cases.quarantine_changed(tx, events)


async def test_nothing_is_known_of_nothing(world: World) -> None:
    report = await measured(world)
    assert report.light == "unknown"
    assert {each.light for each in report.completeness} == {"unknown"}
    assert report.amounts.share is None and report.freshness.worst_seconds is None


async def test_fields_are_counted_for_people_and_orders(world: World) -> None:
    for number in range(20):
        await world.register(number + 1, gender="unknown" if number else "female", channel="pos")
    await world.link(member(20), member(19))
    async with world.db.transaction() as tx:
        await catalogue.write_products(tx, [Product("x", "牛奶", "DAIRY"), Product("y")])
        await catalogue.write_stores(tx, [Store("s-1", "中关村", "北京")])
    items = [("x", 1, 100), ("y", 1, 100), ("z", 1, 100)]
    await world.record(order("a", member(1), items=items, store_id="s-1"))
    await world.record(order("b", member(2), items=[], store_id="s-2", paid=0))
    await world.record(order("old", member(2), at=NOON - timedelta(days=8)))
    report = await measured(world)
    seen = {(each.area, each.field): (each.rows, each.filled) for each in report.completeness}
    assert seen["member", "gender"] == (19, 1) and seen["member", "channel"] == (19, 19)
    assert seen["product", "department"] == (2, 1) and seen["store", "city"] == (1, 1)
    assert seen["order", "store_id"] == seen["order", "items"] == (2, 1)
    assert seen["order_line", "department"] == (3, 1)
    lights = {(each.area, each.field): each.light for each in report.completeness}
    assert lights["member", "gender"] == "red" and lights["member", "channel"] == "green"
    assert report.light == "red" and "order_line.department 33.3%" in report.zh[1]
    assert all("member.gender" in each[1] for each in (report.zh, report.en))


async def test_amounts_that_cannot_be_right(world: World) -> None:
    for number in range(96):
        await world.record(order(f"o-{number}", member(1)))
    await world.record(order("free", member(1), items=[("x", 1, 0)], paid=500))
    assert (await measured(world)).amounts.wrong == 1
    await world.refund("o-1", "r-1", member(1), 9_000_000)
    await hear(world, QuarantineChanged([aside("paid_exceeds_items", "/paid/amount", 2)]))
    await hear(world, QuarantineChanged([aside("too_long", "/items/*/sku", 5)]))
    money = (await measured(world)).amounts
    assert (money.orders, money.refused, money.wrong) == (97, 2, 2)
    assert money.share == pytest.approx(4 / 99) and money.light == "red"


async def test_ways_of_messages_are_seen_once_each(world: World, clock: DrivenClock) -> None:
    clock.move(NOON, ticking=False)
    told = [activity(f"m-{n}", phone=1, channel="app") for n in range(199)]
    await world.collect(batch(*told, received_at=NOON - timedelta(seconds=2)))
    assert (await measured(world)).freshness.light == "green"
    await world.collect(batch(activity("late", phone=2), received_at=NOON - timedelta(minutes=6)))
    ways = (await measured(world)).freshness
    assert (ways.messages, ways.late, ways.worst_seconds) == (200, 1, 360)
    assert ways.light == "amber"
    behaviour = next(each for each in (await measured(world)).completeness if each.area[0] == "b")
    assert (behaviour.rows, behaviour.filled) == (200, 199)


async def test_quarantine_by_reason_and_what_waits(world: World) -> None:
    before = NOON.date() - timedelta(days=30)
    await hear(
        world,
        QuarantineChanged([aside("bad_phone", "/phone", 3), aside("bad_phone", "/phone", 2)]),
        QuarantineChanged([aside("old", "", 4, before)], [aside("bad_phone", "/phone", 1)]),
    )
    await hear(world, QuarantineChanged())
    found = (await measured(world)).quarantine
    assert (found.put_aside, found.replayed, found.waiting) == (5, 1, 8)
    (reason,) = found.reasons
    assert (reason.reason, reason.pointer, reason.put_aside) == ("bad_phone", "/phone", 5)


async def test_corrections_and_double_members_are_counted(world: World) -> None:
    assert (await measured(world)).duplicates is None
    day = NOON.date()
    phones = [CorrectionCount(day, "phone", "prefix", 3), CorrectionCount(day, "name", "title", 1)]
    async with world.db.transaction() as tx:
        await use_cases.corrected(tx, [CorrectionsMade(phones), CorrectionsMade(phones[:1])])
        for ago, open_ in ((9, 7), (2, 5), (1, 4)):
            hunt = DuplicatesHunted(NOON - timedelta(days=ago), False, 50, 6, 2, 3, open_)
            await use_cases.hunted(tx, [hunt, hunt])
    report = await measured(world)
    assert [(each.field, each.corrected) for each in report.corrections] == [
        ("phone", 6), ("name", 1),
    ]  # fmt: skip
    assert report.duplicates
    found = report.duplicates
    assert (found.found, found.merged, found.reviews_new, found.reviews_open) == (12, 4, 6, 4)


async def test_weeks_are_kept_on_mondays_and_once(world: World, clock: DrivenClock) -> None:
    await world.record(order("a", member(1)))
    monday = midnight(date(2017, 3, 20))
    clock.move(monday, ticking=False)
    for due in (monday, monday, monday + timedelta(days=1), monday + timedelta(days=7)):
        await world.watch.keep_week(world.db, due)
        await world.record(order(f"late-{due}", member(1)))
    async with world.db.transaction(readonly=True) as tx:
        page = await use_cases.kept(tx, 1, None)
        rest = await use_cases.kept(tx, 1, date(2017, 3, 20))
        first = await use_cases.of_week(tx, date(2017, 3, 13))
        with pytest.raises(Problem):
            await use_cases.of_week(tx, date(2017, 3, 6))
    assert page.next_cursor == "2017-03-20" and rest.next_cursor is None
    assert [row.week for row in page.data + rest.data] == [date(2017, 3, 20), date(2017, 3, 13)]
    assert first.amounts.orders == 1 and first.freshness.unread is None


async def test_it_is_answered(profile: RunningApp, clock: DrivenClock) -> None:
    clock.move(datetime(2017, 3, 15, 13, tzinfo=PROGRAM_ZONE), ticking=False)
    await tell(profile, QuarantineChanged([aside("bad", "/x", 1)]))
    headers = profile.headers(Role.OPERATOR)
    answer = await profile.client.get("/v1/quality/report", headers=headers)
    assert answer.status_code == 200 and answer.json()["quarantine"]["waiting"] == 1
    assert answer.json()["until"] == "2017-03-16" and answer.json()["freshness"]["unread"] == 0
    missing = await profile.client.get("/v1/quality/report?week=2017-03-06", headers=headers)
    assert missing.status_code == 404
    kept = await profile.client.get("/v1/quality/reports", headers=headers)
    assert kept.json() == {"data": [], "next_cursor": None}


@given(st.integers(0, 400), st.integers(0, 400))
def test_lights_follow_the_limits(rows: int, missing: int) -> None:
    filled = max(rows - missing, 0)
    light = domain.completeness("product", "name", rows, filled, LIMITS).light
    assert (light == "unknown") == (rows == 0)
    if rows:
        assert (light == "green") == (filled / rows >= 0.95)
        assert (light == "red") == (filled / rows < 0.90)
    wrong = domain.amounts(rows, 0, min(missing, rows), LIMITS)
    assert wrong.light != "green" or (wrong.share is not None and wrong.share <= 0.01)
    ways = domain.freshness(rows, min(missing, rows), 1, None, LIMITS)
    assert (ways.light == "green") == (rows > 0 and min(missing, rows) == 0)
    assert domain.freshness(0, 0, 0, 3, LIMITS).light == "red"
