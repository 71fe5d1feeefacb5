"""Midnights: expiry and the monthly review."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from services.points.tests.conftest import NOON, Shop

from chassis.clock import midnight
from points_service.expiry.use_cases import expire_due


async def test_points_expire_a_year_later_at_midnight(shop: Shop, member: UUID) -> None:
    await shop.tick()
    await shop.buy(member, 100)
    await shop.buy(member, 50, paid_at=(NOON + timedelta(hours=12)).isoformat())  # the next day
    shop.move(datetime(2018, 3, 14, 15, 59, 59, tzinfo=UTC))
    await shop.tick()
    assert (await shop.points(member))["redeemable"] == 150
    shop.move(datetime(2018, 3, 14, 16, 0, tzinfo=UTC))
    assert (await shop.points(member))["redeemable"] == 50  # even before the job has run
    await shop.tick()
    await shop.tick()
    assert await shop.events("points.points_expired.v1") == [
        {"day": "2018-03-15", "members": [[str(member), 100]]}
    ]
    stats = await shop.check_books()
    assert (stats["expired"], stats["outstanding"]) == (100, 50)


async def test_a_midnight_that_is_run_again_expires_what_came_late(
    shop: Shop, member: UUID
) -> None:
    for ago in (366, 400):
        await shop.buy(member, 10, paid_at=(NOON - timedelta(days=ago)).isoformat())
        await expire_due(shop.running.db, midnight(NOON.date()))
    assert (await shop.check_books())["expired"] == 20


async def test_a_clock_set_back_revives_nothing(shop: Shop, member: UUID) -> None:
    await shop.tick()
    await shop.buy(member, 100)
    shop.move(NOON + timedelta(days=400))
    await shop.tick()
    shop.move(NOON)
    await shop.tick()
    assert (await shop.points(member))["redeemable"] == 0
    assert (await shop.redeem(member, 100)).status_code == 409
    assert (await shop.check_books())["expired"] == 100


async def test_what_has_expired_is_not_owed_when_the_order_comes_back(
    shop: Shop, member: UUID
) -> None:
    await shop.tick()
    await shop.buy(member, 200)
    await shop.redeem(member, 100)
    shop.move(NOON + timedelta(days=400))
    await shop.tick()
    answer = (await shop.refund("o0", "r")).json()
    assert answer["points_reversed"] == 200
    assert (await shop.points(member))["pending"] == -100
    stats = await shop.check_books()
    assert (stats["expired"], stats["owed"]) == (0, 100)


async def test_the_first_of_a_month_reviews_the_month_just_ended(shop: Shop) -> None:
    shop.move(datetime(2017, 4, 10, tzinfo=UTC))
    await shop.tick()
    stays, falls, rises = uuid4(), uuid4(), uuid4()
    for member in (stays, falls):
        await shop.buy(member, 1600)
    await shop.buy(rises, 1450)
    shop.move(datetime(2017, 5, 28, tzinfo=UTC))
    await shop.tick()  # 1 May: all spent enough in April
    await shop.buy(stays, 200)
    await shop.buy(falls, 199.99)
    shop.move(midnight(datetime(2017, 6, 1, tzinfo=UTC).date()))
    # A new month's order before the job has run does not hide the month under review.
    early = shop.order(stays, 1, paid_at=shop.clock.now().isoformat())
    await shop.batch([early])
    await shop.tick()
    tiers = [(await shop.get(f"/v1/members/{m}/tier"))["tier"] for m in (stays, falls, rises)]
    assert tiers == ["gold", "gold", "silver"]  # warned
    shop.move(midnight(datetime(2017, 7, 1, tzinfo=UTC).date()))
    await shop.buy(stays, 200, paid_at=(shop.clock.now() - timedelta(days=1)).isoformat())
    await shop.tick()
    tiers = [(await shop.get(f"/v1/members/{m}/tier"))["tier"] for m in (stays, falls, rises)]
    assert tiers == ["gold", "silver", "silver"]
    steps = [e for e in await shop.events("points.tier_changed.v1") if e["reason"] == "review"]
    assert [(e["member_id"], e["previous"], e["tier"], e["changed_at"]) for e in steps] == [
        (str(falls), "gold", "silver", "2017-06-30T16:00:00Z")
    ]
    assert (await shop.get("/v1/points/stats"))["tiers"] == {
        "regular": 0, "silver": 2, "gold": 1, "diamond": 0,
    }  # fmt: skip
    await shop.check_books()
