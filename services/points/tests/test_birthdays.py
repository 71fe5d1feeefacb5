"""Birthdays: announced by the gateway, one a year, and the coupon comes on the day."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

from services.points.tests.conftest import NOON, Shop
from services.points.tests.rules import body, post
from services.points.tests.test_benefits import coupons, has
from services.points.tests.test_merges import merge

from chassis.clock import midnight
from contracts.events import BirthdaysAnnounced
from points_service.birthdays.use_cases import give, hear

APRIL_2, DAY = date(2017, 4, 2), timedelta(days=1)


async def announce(shop: Shop, day: date, *members: UUID) -> None:
    async with shop.running.db.transaction() as tx:
        await hear(tx, [BirthdaysAnnounced(day, list(members))])


async def at(shop: Shop, day: date) -> None:
    shop.move(midnight(day))
    await shop.tick()


async def bought(shop: Shop, yuan: int) -> UUID:
    member = uuid4()
    await shop.buy(member, yuan)
    return member


async def test_the_coupon_comes_on_the_day_once_a_year_and_lives_seven_days(shop: Shop) -> None:
    await shop.tick()
    silver, regular = await bought(shop, 700), await bought(shop, 10)
    for _ in range(3):  # told again
        await announce(shop, APRIL_2, silver, regular)
    await at(shop, APRIL_2 - DAY)
    assert await coupons(shop, silver) == []
    await at(shop, APRIL_2)
    await announce(shop, APRIL_2, silver)
    await announce(shop, APRIL_2 + 9 * DAY, silver)  # corrected: next year
    for day in range(12):
        await at(shop, APRIL_2 + day * DAY)
    await give(shop.running.db, "A", shop.clock.now())
    (coupon,) = await coupons(shop, silver)
    assert coupon["off"]["amount"] == 500
    assert coupon["valid_from"].startswith("2017-04-01T16:00")
    assert coupon["valid_until"].startswith("2017-04-08T16:00")
    assert await coupons(shop, regular) == []
    assert (await has(shop, silver, "birthday_coupon"))["left"] == 0
    await announce(shop, APRIL_2.replace(year=2018), silver)
    async with shop.running.db.transaction() as tx:
        await tx.execute("UPDATE member SET tier = 'silver' WHERE member_id = $1", silver)
    await at(shop, APRIL_2.replace(year=2018))
    assert len(await coupons(shop, silver)) == 2


async def test_missed_days_and_late_news_are_made_up_for(shop: Shop) -> None:
    await shop.tick()
    members = [await bought(shop, 700) for _ in range(3)]
    late = uuid4()  # nobody has heard of yet
    for n, member in enumerate((*members, late)):
        await announce(shop, APRIL_2 + n * DAY, member)
    await at(shop, APRIL_2 + 30 * DAY)
    for member in members:
        (coupon,) = await coupons(shop, member)
        assert coupon["valid_from"].startswith("2017-05-01T16:00")  # from when it is given
    await shop.buy(late, 700)
    await shop.tick()
    assert len(await coupons(shop, late)) == 1


async def test_a_birthday_at_the_turn_of_the_year_is_the_old_years(shop: Shop) -> None:
    await shop.tick()
    member, eve = await bought(shop, 700), date(2017, 12, 31)
    await announce(shop, eve, member)
    shop.move(midnight(eve) + 3 * DAY)  # down over the new year
    async with shop.running.db.transaction() as tx:
        await tx.execute("UPDATE member SET tier = 'silver' WHERE member_id = $1", member)
    await give(shop.running.db, "A", shop.clock.now())
    assert len(await coupons(shop, member)) == 1
    await announce(shop, eve.replace(year=2018), member)
    shop.move(midnight(eve.replace(year=2018)))
    await give(shop.running.db, "A", shop.clock.now())
    assert len(await coupons(shop, member)) == 2


async def test_two_who_are_one_have_one_birthday(shop: Shop) -> None:
    await shop.tick()
    one, other = await bought(shop, 700), await bought(shop, 700)
    await announce(shop, APRIL_2, one)
    await announce(shop, APRIL_2 + DAY, other)
    await at(shop, APRIL_2)
    await merge(shop, (other, one))
    await announce(shop, APRIL_2 + DAY, one)  # on its way while they were merged
    await at(shop, APRIL_2 + DAY)
    assert len(await coupons(shop, other)) == 1


async def test_birthday_rules_hold_on_the_day(shop: Shop) -> None:
    await post(shop, body("day", "multiplier", 300, {"kind": "birthday", "any_of": ["day"]}))
    await post(shop, body("gift", "fixed", 7, {"kind": "birthday"}))
    member, other = await bought(shop, 10), await bought(shop, 10)
    today = NOON.date()
    await announce(shop, today, member)
    await announce(shop, today + DAY, other)
    assert (await shop.buy(member, 10))["points"] == 37
    assert (await shop.buy(other, 10))["points"] == 10
    shop.move(NOON + 13 * timedelta(hours=1))  # past midnight
    late: dict[str, Any] = {"paid_at": NOON.isoformat()}
    assert (await shop.buy(member, 10, **late))["points"] == 37  # a till that was off line
    assert (await shop.buy(member, 10))["points"] == 10
    assert (await shop.buy(other, 10))["points"] == 37
    tried = await shop.client.post(
        "/v1/earning-rules?dry_run=true",
        json=body("more", "fixed", 5, {"kind": "birthday"}, example={"birthday": True}),
    )
    assert tried.json()["preview"]["points_more"] == 5


async def test_old_days_are_forgotten(shop: Shop) -> None:
    await shop.tick()
    member = await bought(shop, 10)
    await announce(shop, APRIL_2, member)
    for day, left in ((date(2017, 12, 31), 1), (date(2018, 2, 1), 1), (date(2018, 4, 1), 0)):
        await at(shop, day)
        async with shop.running.db.transaction() as tx:
            assert await tx.fetchval("SELECT count(*) FROM member_birthday") == left
