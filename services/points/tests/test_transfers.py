"""Members give points to each other: the very lots move."""

from datetime import timedelta
from uuid import UUID, uuid4

import httpx
from services.points.tests.conftest import NOON, Shop
from services.points.tests.test_merges import merge

from testkit import together

MANY = 64


async def give(
    shop: Shop, giver: UUID, receiver: UUID, points: int, query: str = "", **headers: str
) -> httpx.Response:
    body = {"to_member_id": str(receiver), "points": points}
    path = f"/v1/members/{giver}/transfers{query}"
    return await shop.client.post(path, json=body, headers=headers)


async def two(shop: Shop, one: float, other: float) -> tuple[UUID, UUID]:
    """Members who paid so many yuan."""
    members = uuid4(), uuid4()
    for member, yuan in zip(members, (one, other), strict=True):
        await shop.buy(member, yuan)
    return members


async def test_points_keep_the_dates_they_had(shop: Shop) -> None:
    old = {"paid_at": (NOON - timedelta(days=300)).isoformat()}
    giver, receiver, third = uuid4(), uuid4(), uuid4()
    await shop.buy(giver, 200, **old)
    await shop.buy(giver, 300)
    await shop.buy(receiver, 100, paid_at=(NOON - timedelta(days=1)).isoformat())
    await shop.buy(third, 1)
    before = (await shop.points(giver))["expiring_next"]
    would = (await give(shop, giver, receiver, 250, "?dry_run=true")).json()
    assert (await shop.check_books())["outstanding"] == 601
    answer = (await give(shop, giver, receiver, 250)).json()
    assert answer["balance"] == 250
    assert would == answer | {"transfer_id": None}
    points = await shop.points(receiver)
    assert (points["redeemable"], points["lifetime"]) == (350, 100)
    assert points["expiring_next"] == before == {"points": 200, "at": before["at"]}
    assert (await shop.points(giver))["lifetime"] == 500
    await give(shop, receiver, third, 250)  # 200 old ones, 50 of yesterday
    assert (await shop.points(third))["expiring_next"] == before
    assert (await shop.points(receiver))["expiring_next"]["points"] == 50
    events = await shop.events("points.points_transferred.v1")
    assert [(e["giver_id"], e["receiver_id"], e["points"]) for e in events] == [
        (str(giver), str(receiver), 250),
        (str(receiver), str(third), 250),
    ]
    entries = (await shop.get(f"/v1/members/{receiver}/points/entries"))["data"]
    assert [(entry["kind"], entry["amount"]) for entry in entries[:2]] == [
        ("transfer", -250),
        ("transfer", 250),
    ]
    await shop.check_books()


async def test_what_cannot_be_given(shop: Shop) -> None:
    giver, receiver = await two(shop, 30_000, 30_000)
    alias = uuid4()
    await shop.buy(alias, 1)
    await merge(shop, (giver, alias))
    cases: list[tuple[UUID, UUID, int, int, str, str | None]] = [
        (giver, receiver, 99, 422, "below_minimum", "/points"),
        (giver, receiver, 10_001, 422, "above_maximum", "/points"),
        (giver, receiver, 0, 422, "invalid_body", "/points"),
        (giver, giver, 100, 422, "same_member", "/to_member_id"),
        (giver, alias, 100, 422, "same_member", "/to_member_id"),
        (alias, giver, 100, 422, "same_member", "/to_member_id"),
        (giver, uuid4(), 100, 422, "unknown_member", "/to_member_id"),
        (uuid4(), receiver, 100, 404, "unknown_member", None),
    ]
    for one, other, points, status, code, pointer in cases:
        answer = await give(shop, one, other, points)
        assert (answer.status_code, answer.json()["code"]) == (status, code)
        assert [error["pointer"] for error in answer.json()["errors"]] == (
            [pointer] if pointer else []
        )
    assert await shop.events("points.points_transferred.v1") == []


async def test_there_must_be_so_many_points(shop: Shop) -> None:
    giver, receiver = await two(shop, 150, 1)
    answer = await give(shop, giver, receiver, 151)
    assert (answer.status_code, answer.json()["code"]) == (409, "insufficient_points")
    assert (await give(shop, giver, receiver, 150)).json()["balance"] == 0


async def test_limits_of_a_day_hold_across_members_and_merges(shop: Shop) -> None:
    giver, receiver = await two(shop, 50_000, 1)
    other, alias = await two(shop, 50_000, 50_000)
    await give(shop, giver, receiver, 10_000)
    await give(shop, alias, receiver, 9_900)
    answer = await give(shop, other, receiver, 200)
    assert (answer.status_code, answer.json()["code"]) == (409, "receiver_limit")
    await merge(shop, (giver, alias))
    answer = await give(shop, giver, other, 200)  # 19,900 are given, by either id
    assert (answer.status_code, answer.json()["code"]) == (409, "daily_limit")
    assert (await give(shop, giver, other, 100)).status_code == 200
    shop.move(NOON + timedelta(hours=12))  # midnight
    assert (await give(shop, giver, receiver, 10_000)).status_code == 200
    await shop.check_books()


async def test_limits_hold_under_many_callers(shop: Shop) -> None:
    giver, receiver = await two(shop, 50_000, 1)
    answers = await together(give(shop, giver, receiver, 1_000) for _ in range(MANY))
    done = [answer for answer in answers if answer.status_code == 200]
    assert len(done) == 20  # of 1,000: what may be given in a day
    assert {answer.json()["code"] for answer in answers if answer not in done} == {"daily_limit"}
    await shop.check_books()


async def test_giving_both_ways_at_once_neither_stops_nor_loses(shop: Shop) -> None:
    one, other = await two(shop, 5_000, 5_000)
    before = (await shop.points(one))["redeemable"] + (await shop.points(other))["redeemable"]
    pairs = [(one, other), (other, one)] * (MANY // 2)
    answers = await together(give(shop, *pair, 100 + n) for n, pair in enumerate(pairs))
    assert {answer.status_code for answer in answers} == {200}
    after = [(await shop.points(member))["redeemable"] for member in (one, other)]
    assert sum(after) == before
    assert (
        after[0] - after[1]
        == sum(-100 - n if giver == one else 100 + n for n, (giver, _) in enumerate(pairs)) * 2
    )
    await shop.check_books()
    print(f"{MANY} transfers both ways: no deadlock, none lost")


async def test_one_key_gives_once(shop: Shop) -> None:
    giver, receiver = await two(shop, 1_000, 1)
    key = {"Idempotency-Key": "k"}
    answers = await together(give(shop, giver, receiver, 100, **key) for _ in range(20))
    assert {answer.status_code for answer in answers} <= {200, 409}
    assert len({answer.text for answer in answers if answer.status_code == 200}) == 1
    assert (await give(shop, giver, receiver, 200, **key)).status_code == 422
    assert (await shop.points(receiver))["redeemable"] == 101


async def test_what_is_received_pays_a_debt_first(shop: Shop) -> None:
    giver, receiver = await two(shop, 1_000, 300)
    await shop.redeem(receiver, 300)
    await shop.refund("o1", "r")
    await give(shop, giver, receiver, 200)
    points = await shop.points(receiver)
    assert (points["redeemable"], points["pending"]) == (0, -100)
    await give(shop, giver, receiver, 200)
    points = await shop.points(receiver)
    assert (points["redeemable"], points["pending"]) == (100, 0)
    await shop.check_books()


async def test_an_order_given_back_after_its_points_moved_on_is_owed(shop: Shop) -> None:
    giver, receiver = await two(shop, 300, 1)
    await give(shop, giver, receiver, 300)
    await shop.refund("o0", "r")
    assert (await shop.points(giver))["pending"] == -300
    assert (await shop.points(receiver))["redeemable"] == 301
    await shop.check_books()


async def test_points_that_moved_expire_when_they_would_have(shop: Shop) -> None:
    await shop.tick()
    giver, receiver = await two(shop, 300, 1)
    await give(shop, giver, receiver, 300)
    shop.move(NOON + timedelta(days=366))
    await shop.tick()
    stats = await shop.check_books()
    assert (stats["expired"], stats["outstanding"]) == (301, 0)
    for back in (timedelta(hours=-1), timedelta(days=-400)):  # nothing comes to life again
        shop.move(NOON + timedelta(days=366) + back)
        await shop.tick()
        assert (await shop.points(receiver))["redeemable"] == 0
        assert (await give(shop, receiver, giver, 100)).status_code == 409
