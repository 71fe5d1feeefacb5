"""Points go through the service: policies, depreciation once a lot and year, announcements."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from services.points.tests.conftest import NOON, Shop
from services.points.tests.test_merges import merge

from chassis.clock import midnight
from points_service.calendar import day_of, start_of
from points_service.expiry import use_cases
from points_service.expiry.use_cases import announce, depreciate, expire_due

YEAR_END = date(2017, 12, 31)


async def put(shop: Shop, policy_id: str, *, active: bool = True, **figures: int) -> Any:
    kind = {"end-of-year": "end_of_year"}.get(policy_id, policy_id)
    body = {"kind": kind, "active": active, "figures": figures}
    return await shop.client.put(f"/v1/expiry-policies/{policy_id}", json=body)


async def begin(shop: Shop, day: date) -> None:
    """Noon of that day; the midnights before it do not count."""
    async with shop.running.db.transaction() as tx:
        await tx.execute("INSERT INTO job_run VALUES ('*', $1, $2)", midnight(day), tx.now)
    shop.move(start_of(day) + timedelta(hours=12))


async def at(shop: Shop, day: date) -> None:
    """Noon of that day, all midnights before it passed."""
    shop.move(start_of(day) + timedelta(hours=12))
    await shop.tick()


# ---- configuration


async def test_the_shipped_policies(shop: Shop) -> None:
    found = (await shop.get("/v1/expiry-policies"))["data"]
    assert [(each["policy_id"], each["active"]) for each in found] == [
        ("depreciation", False), ("end-of-year", False), ("rolling", True),
    ]  # fmt: skip
    assert found[2]["figures"]["months"] == 12
    assert await shop.get("/v1/expiry-policies/rolling") == found[2]
    assert (await shop.client.get("/v1/expiry-policies/none")).status_code == 404


async def test_what_is_no_policy(shop: Shop) -> None:
    cases: list[tuple[str, dict[str, Any], int, str, str]] = [
        ("rolling", {}, 422, "wrong_figures", "/figures/months"),
        ("rolling", {"months": 0}, 422, "greater_than_equal", "/figures/months"),
        ("rolling", {"months": 12, "years": 1}, 422, "wrong_figures", "/figures/years"),
        ("depreciation", {"percent": 20, "month": 2, "day": 29}, 422, "no_such_day",
         "/figures/day"),
        ("depreciation", {"percent": 101, "month": 2, "day": 2}, 422, "less_than_equal",
         "/figures/percent"),
    ]  # fmt: skip
    for policy_id, figures, status, code, pointer in cases:
        error = (answer := await put(shop, policy_id, **figures)).json()["errors"][0]
        assert (answer.status_code, error["code"], error["pointer"]) == (status, code, pointer)
    none = await put(shop, "rolling", active=False, months=12)
    assert (none.status_code, none.json()["code"]) == (409, "no_date")
    assert (await put(shop, "depreciation", percent=20, month=12, day=31)).status_code == 200
    share = {"percent": 10, "month": 12, "day": 31}
    body = {"kind": "depreciation", "active": True, "figures": share}
    same = await shop.client.put("/v1/expiry-policies/second", json=body)
    assert (same.status_code, same.json()["code"]) == (409, "same_day")


async def test_policies_change_for_points_to_come(shop: Shop, member: UUID) -> None:
    await shop.buy(member, 100)
    await put(shop, "end-of-year", years=0)
    await shop.buy(member, 200)
    await put(shop, "rolling", months=2)
    await shop.buy(member, 300)
    async with shop.running.db.transaction() as tx:
        rows = await tx.fetch("SELECT points, expires_at FROM lot ORDER BY points")
    assert [(row["points"], day_of(row["expires_at"])) for row in rows] == [
        (100, date(2018, 3, 15)),
        (200, date(2018, 1, 1)),
        (300, date(2017, 5, 15)),
    ]
    assert (await shop.points(member))["expiring_next"] == {
        "points": 300, "at": "2017-05-14T16:00:00Z",
    }  # fmt: skip


async def test_all_points_of_a_year_go_together(shop: Shop, member: UUID) -> None:
    await begin(shop, date(2017, 12, 30))
    await put(shop, "end-of-year", years=1)
    await put(shop, "rolling", active=False, months=12)
    for day in (date(2016, 1, 1), date(2016, 12, 31), date(2017, 1, 1)):
        await shop.buy(member, 100, paid_at=start_of(day).isoformat())
    await at(shop, YEAR_END)
    assert (await shop.points(member))["redeemable"] == 300
    await at(shop, date(2018, 1, 1))
    assert (await shop.points(member))["redeemable"] == 100
    assert (await shop.check_books())["expired"] == 200


# ---- depreciation


async def test_a_share_of_every_older_lot_goes_once_a_year(shop: Shop) -> None:
    one, other, new = uuid4(), uuid4(), uuid4()
    await put(shop, "depreciation", percent=20, month=12, day=31)
    await begin(shop, date(2017, 12, 1))
    for yuan in (101, 4, 99):  # loses 20, 0 and 19
        await shop.buy(one, yuan)
    await shop.buy(other, 1000)
    await shop.redeem(other, 900)
    await at(shop, date(2017, 12, 30))
    expected = {"points": 39, "at": "2017-12-30T16:00:00Z"}
    assert (await shop.points(one))["expiring_next"] == expected
    shop.move(start_of(YEAR_END))
    await shop.buy(new, 100)  # the day has begun: not older than it
    await shop.tick()
    shop.move(start_of(YEAR_END) + timedelta(hours=12))
    have = [(await shop.points(member))["redeemable"] for member in (one, other, new)]
    assert have == [204 - 39, 80, 100]
    assert await shop.events("points.points_expired.v1") == [
        {"day": "2017-12-31", "members": sorted([[str(one), 39], [str(other), 20]])}
    ]
    before = await shop.check_books()
    assert before["expired"] == 59
    for _ in range(2):
        await depreciate(shop.running.db, midnight(YEAR_END))
    for back in (-timedelta(hours=13), -timedelta(days=400)):  # nor does a clock set back
        shop.move(start_of(YEAR_END) + timedelta(hours=12) + back)
        await shop.tick()
        await depreciate(shop.running.db, midnight(YEAR_END))
    assert await shop.check_books() == before


async def test_a_lot_loses_again_the_next_year(shop: Shop, member: UUID) -> None:
    await put(shop, "rolling", months=36)
    await put(shop, "depreciation", percent=50, month=1, day=1)
    await shop.buy(member, 101)
    left = []
    for year in (2018, 2019, 2020):
        shop.move(start_of(date(year, 1, 1)))
        await depreciate(shop.running.db, midnight(date(year, 1, 1)))
        left.append((await shop.points(member))["redeemable"])
    assert left == [51, 26, 13]
    shop.move(start_of(date(2020, 3, 15)))
    await expire_due(shop.running.db, midnight(date(2020, 3, 15)))
    assert (await shop.check_books())["expired"] == 101


async def test_a_day_takes_what_it_began_to_take(shop: Shop, member: UUID) -> None:
    """A crash in the middle, then another percentage: the rest loses what the others lost."""
    await put(shop, "depreciation", percent=20, month=12, day=31)
    await shop.buy(member, 100)
    await begin(shop, date(2017, 12, 30))
    async with shop.running.db.transaction() as tx:
        await tx.execute("INSERT INTO depreciation (day, percent) VALUES ($1, 20)", YEAR_END)
    await put(shop, "depreciation", percent=90, month=12, day=31)
    await at(shop, YEAR_END)
    assert (await shop.points(member))["redeemable"] == 80


async def test_refunds_stay_exact_after_a_depreciation(shop: Shop, member: UUID) -> None:
    await put(shop, "depreciation", percent=20, month=12, day=31)
    await begin(shop, date(2017, 12, 30))
    await shop.buy(member, 1000, paid_at=start_of(date(2017, 12, 29)).isoformat())  # o0
    await shop.buy(member, 10)  # o1, by a silver member: 12
    await shop.redeem(member, 500, order_no="o1")
    await at(shop, YEAR_END)
    assert (await shop.points(member))["redeemable"] == 400 + 10
    answer = (await shop.refund("o1", "half", 500)).json()
    assert (answer["points_restored"], answer["points_reversed"]) == (250, 6)
    assert (await shop.points(member))["redeemable"] == 410 + 250 - 6
    await shop.check_books()
    answer = (await shop.refund("o0", "r")).json()  # 650 live, 100 gone, the rest elsewhere
    assert answer["points_reversed"] == 1000
    points = await shop.points(member)
    assert (points["redeemable"], points["pending"]) == (0, -1000 + 100 + 650 + 4)
    await shop.check_books()
    answer = (await shop.refund("o1", "rest")).json()
    assert (answer["points_restored"], answer["points_reversed"]) == (250, 6)
    points = await shop.points(member)
    stats = await shop.check_books()
    # Both orders are undone; all that is left of them is a share that was gone for good.
    assert (points["redeemable"], points["pending"]) == (0, 0)
    assert (stats["burnt"], stats["expired"], stats["owed"], stats["reversed"]) == (0, 0, 0, 1012)


async def test_a_moved_lot_is_not_depreciated_twice(shop: Shop) -> None:
    giver, receiver = uuid4(), uuid4()
    await begin(shop, date(2017, 12, 30))
    await put(shop, "depreciation", percent=20, month=12, day=31)
    await shop.buy(giver, 1000)
    await shop.buy(receiver, 1)
    await at(shop, YEAR_END)
    body = {"to_member_id": str(receiver), "points": 500}
    await shop.client.post(f"/v1/members/{giver}/transfers", json=body)
    await merge(shop, (receiver, giver))
    await depreciate(shop.running.db, midnight(YEAR_END))
    assert (await shop.points(receiver))["redeemable"] == 801
    assert (await shop.check_books())["expired"] == 200


async def test_small_chunks_reach_everybody(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(use_cases, "CHUNK", 3)
    await begin(shop, date(2017, 11, 30))
    await put(shop, "depreciation", percent=20, month=12, day=31)
    members = [uuid4() for _ in range(10)]
    await shop.batch([shop.order(member, 100, paid_at=NOON.isoformat()) for member in members])
    await at(shop, date(2018, 3, 15))
    stats = await shop.check_books()
    assert (stats["expired"], stats["outstanding"]) == (1000, 0)
    told: dict[tuple[str, int], list[Any]] = {}
    for event in await shop.events("points.points_expiring.v1"):
        told.setdefault((event["day"], event["days_ahead"]), []).extend(event["members"])
    assert {key: [points for _, points in rows] for key, rows in told.items()} == {
        ("2017-12-31", 30): [20] * 10,
        ("2017-12-31", 7): [20] * 10,
        ("2018-03-15", 30): [80] * 10,
        ("2018-03-15", 7): [80] * 10,
    }
    assert all(len({who for who, _ in rows}) == 10 for rows in told.values())


# ---- announcements


async def test_what_goes_soon_is_announced_once(shop: Shop) -> None:
    one, other, none = uuid4(), uuid4(), uuid4()
    await shop.buy(one, 100)
    await shop.buy(one, 50)
    await shop.buy(one, 7, paid_at=(NOON + timedelta(hours=20)).isoformat())  # a day later
    await shop.buy(other, 30)
    await shop.buy(none, 100)
    await shop.redeem(none, 100)
    ends = date(2018, 3, 15)
    for days in (30, 7):
        await begin(shop, ends - timedelta(days=days + 1))
        before = await shop.events("points.points_expiring.v1")
        await at(shop, ends - timedelta(days=days))
        await announce(shop.running.db, midnight(ends - timedelta(days=days)))
        await shop.tick()
        [new] = (await shop.events("points.points_expiring.v1"))[len(before) :]
        assert new == {
            "day": "2018-03-15",
            "days_ahead": days,
            "members": sorted([[str(one), 150], [str(other), 30]]),
        }
    for back in (-timedelta(hours=13), -timedelta(days=400), timedelta(0)):
        shop.move(start_of(ends - timedelta(days=7)) + timedelta(hours=12) + back)
        await shop.tick()
        await announce(shop.running.db, midnight(ends - timedelta(days=7)))
    assert len(await shop.events("points.points_expiring.v1")) == 2


async def test_what_depreciation_takes_first_is_not_announced_twice(
    shop: Shop, member: UUID
) -> None:
    await begin(shop, date(2017, 11, 30))
    await put(shop, "depreciation", percent=20, month=12, day=31)
    await shop.buy(member, 100, paid_at=datetime(2017, 1, 20, 4, tzinfo=UTC).isoformat())
    await at(shop, date(2018, 2, 1))
    told = await shop.events("points.points_expiring.v1")
    assert [(e["day"], e["days_ahead"], e["members"][0][1]) for e in told] == [
        ("2017-12-31", 30, 20),
        ("2018-01-20", 30, 80),  # on 21 December, as it will be by then
        ("2017-12-31", 7, 20),
        ("2018-01-20", 7, 80),
    ]
    gone = await shop.events("points.points_expired.v1")
    assert [event["members"][0][1] for event in gone] == [20, 80]


# ---- a clock set back


@pytest.mark.parametrize("back", [timedelta(hours=1), timedelta(days=400)])
async def test_a_clock_set_back_never_revives_a_lot(
    shop: Shop, member: UUID, back: timedelta
) -> None:
    """Not a full one, one in part spent, nor one that was empty and gets points back."""
    await shop.buy(member, 100)
    await shop.buy(member, 100)
    await shop.buy(member, 1000)  # o2 pays what was spent
    await shop.redeem(member, 200, order_no="o2")  # the two lots of 100 are empty, or in part
    await begin(shop, date(2018, 3, 13))
    shop.move(NOON + timedelta(days=365))
    await shop.tick()
    assert (await shop.check_books())["expired"] == 1000
    shop.move(NOON + timedelta(days=365) - timedelta(hours=11, minutes=30) - back)
    await shop.tick()
    await expire_due(shop.running.db, midnight(shop.clock.now().date()))
    assert (await shop.points(member))["redeemable"] == 0
    assert (await shop.redeem(member, 100)).status_code == 409
    answer = (await shop.refund("o2", "r")).json()
    assert (answer["points_restored"], answer["points_reversed"]) == (200, 1000)
    points = await shop.points(member)
    assert (points["redeemable"], points["pending"]) == (0, 0)
    assert points["expiring_next"] is None
    stats = await shop.check_books()
    assert (stats["expired"], stats["outstanding"], stats["burnt"]) == (200, 0, 0)


@pytest.mark.parametrize("ahead", [timedelta(hours=1), timedelta(days=400)])
async def test_a_clock_set_ahead_and_back_takes_nothing_twice(
    shop: Shop, member: UUID, ahead: timedelta
) -> None:
    await put(shop, "depreciation", percent=20, month=12, day=31)
    await begin(shop, date(2017, 12, 30))
    shop.move(datetime(2017, 12, 30, 15, 30, tzinfo=UTC))  # half an hour before the day
    await shop.buy(member, 1000)
    shop.move(shop.clock.now() + ahead)
    await shop.tick()
    first = await shop.check_books()
    shop.move(shop.clock.now() - ahead)
    await shop.tick()
    shop.move(shop.clock.now() + ahead)
    await shop.tick()
    assert await shop.check_books() == first
    assert first["expired"] == (200 if ahead < timedelta(days=1) else 1000)
