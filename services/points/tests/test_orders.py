"""Orders: what they bring, what is refused, and nothing counted twice."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from services.points.tests.conftest import NOON, Shop

from contracts.events import CouponOffered
from points_service.coupons.subscribers import on_offered
from testkit import together

CALLERS, MANY = 4, 250


def wrong(answer: dict[str, Any]) -> tuple[int, str, str]:
    """(status, code, pointer) of a refused order."""
    problem = answer["problem"]
    assert answer["status"] == problem["status"]
    return problem["status"], problem["errors"][0]["code"], problem["errors"][0]["pointer"]


async def test_an_order_brings_growth_and_points(shop: Shop, member: UUID) -> None:
    answer = await shop.buy(member, 12.99)
    assert [each["rule_id"] for each in answer.pop("earned")] == ["spend_growth", "spend_points"]
    assert answer == {
        "order_no": "o0", "status": 200, "member_id": str(member), "points": 12, "growth": 12,
        "tier": "regular", "balance": 12, "coupons_used": [], "problem": None,
    }  # fmt: skip
    points = await shop.points(member)
    assert (points["redeemable"], points["pending"], points["lifetime"]) == (12, 0, 12)
    assert points["expiring_next"] == {"points": 12, "at": "2018-03-14T16:00:00Z"}
    growth = await shop.get(f"/v1/members/{member}/growth")
    assert growth["by_kind"] == {"spend": 12} and growth["month_spend"]["amount"] == 1299
    [event] = await shop.events("points.orders_recorded.v1")
    [told] = event["orders"]
    assert told["items"] == [["milk", 1, 1299]] and told["paid_fen"] == 1299
    stats = await shop.check_books()
    assert stats["growth_spend"] == stats["issued"] == stats["outstanding"] == 12


async def test_the_order_earns_by_the_tier_before_it(shop: Shop, member: UUID) -> None:
    assert (await shop.buy(member, 500))["points"] == 500
    answer = await shop.buy(member, 10)
    assert (answer["points"], answer["tier"]) == (12, "silver")
    answer = await shop.buy(member, 990)
    assert (answer["points"], answer["tier"]) == (1188, "gold")
    assert (await shop.buy(member, 0.99))["points"] == 1  # 0.99 × 1.5
    steps = await shop.events("points.tier_changed.v1")
    assert [(s["previous"], s["tier"], s["reason"]) for s in steps] == [
        ("regular", "silver", "order"), ("silver", "gold", "order"),
    ]  # fmt: skip
    tier = await shop.get(f"/v1/members/{member}/tier")
    assert tier["next_tier"] == "diamond"
    assert tier["next_conditions"] == [
        {"kind": "growth", "at_least": 3000, "months": 0, "reached": 1500},
        {"kind": "referrals", "at_least": 1, "months": 0, "reached": 0},
    ]
    assert [step["tier"] for step in tier["history"]] == ["gold", "silver"]
    await shop.check_books()


async def test_a_batch_is_folded_in_the_order_of_payment(shop: Shop, member: UUID) -> None:
    late = shop.order(member, 10, paid_at=NOON.isoformat())
    early = shop.order(member, 500, paid_at=(NOON - timedelta(hours=1)).isoformat())
    answers = await shop.batch([late, early])
    assert [answer["points"] for answer in answers] == [12, 500]
    [event] = await shop.events("points.orders_recorded.v1")
    assert [order["points"] for order in event["orders"]] == [500, 12]


async def test_the_same_order_again_is_answered_and_not_counted(shop: Shop, member: UUID) -> None:
    order = shop.order(member, 20)
    first = (await shop.client.post("/v1/orders", json=order)).json()
    await shop.buy(member, 5)
    assert (await shop.client.post("/v1/orders", json=order)).json() == first
    assert await shop.batch([order, order]) == [first, first]
    assert (await shop.check_books())["issued"] == 25


async def test_an_order_number_is_one_orders(shop: Shop, member: UUID) -> None:
    order = shop.order(member, 20)
    await shop.client.post("/v1/orders", json=order)
    for other in ({"store": "s2"}, {"member_id": str(uuid4())}):
        answer = await shop.client.post("/v1/orders", json=order | other)
        assert answer.status_code == 409
        assert answer.json()["errors"][0]["pointer"] == "/order_no"
        assert answer.json()["code"] == "order_no_reused"
    fresh = shop.order(member, 1)
    answers = await shop.batch([fresh, fresh | {"channel": "app"}, fresh])
    assert [answer["status"] for answer in answers] == [200, 409, 200]
    assert answers[0] == answers[2]
    assert (await shop.check_books())["issued"] == 21


async def test_fifty_callers_with_one_order_book_it_once(shop: Shop, member: UUID) -> None:
    order = shop.order(member, 30)
    answers = await together(
        [
            *(shop.client.post("/v1/orders", json=order) for _ in range(25)),
            *(shop.client.post("/v1/orders/batch", json={"orders": [order]}) for _ in range(25)),
        ]
    )
    bodies = [answer.json() for answer in answers]
    assert all(body == bodies[0] for body in bodies[:25])
    assert all(body == {"data": [bodies[0]]} for body in bodies[25:])
    assert (await shop.check_books())["issued"] == 30


async def test_one_number_for_many_members_at_once_is_booked_once(shop: Shop) -> None:
    order = shop.order(None, 30)
    answers = await together(
        shop.client.post("/v1/orders/batch", json={"orders": [order | {"member_id": m}]})
        for m in [str(uuid4()) for _ in range(20)]
    )
    statuses = sorted(answer.json()["data"][0]["status"] for answer in answers)
    assert statuses == [200] + [409] * 19
    assert (await shop.check_books())["issued"] == 30


async def _one_by_one(shop: Shop, orders: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Each booked by itself, a few at a time."""
    turns = asyncio.Semaphore(CALLERS)

    async def call(order: dict[str, Any]) -> dict[str, Any]:
        async with turns:
            [answer] = await shop.batch([order])
            return answer

    return await together(map(call, orders))


async def test_newcomers_whom_others_bring_first_hold_no_batch_up(shop: Shop) -> None:
    """However often somebody is faster with one of them, a batch of them all comes through."""
    newcomers = [uuid4() for _ in range(MANY)]
    orders = [[shop.order(who, 10) for who in newcomers] for _ in range(3)]
    await together([shop.batch(orders[0]), shop.batch(orders[1]), _one_by_one(shop, orders[2])])
    assert (await shop.check_books())["issued"] == 3 * 10 * MANY


async def test_numbers_that_others_take_first_hold_no_batch_up(shop: Shop) -> None:
    """Each is somebody's, and whoever came later is told."""
    orders = [shop.order(uuid4(), 10) for _ in range(MANY)]
    others = [order | {"member_id": str(uuid4())} for order in orders]
    backwards, theirs, ours = await together(
        [shop.batch(orders[::-1]), shop.batch(others), _one_by_one(shop, orders)]
    )
    for one, same, other in zip(ours, backwards[::-1], theirs, strict=True):
        assert one == same
        assert sorted([one["status"], other["status"]]) == [200, 409]
    assert (await shop.check_books())["issued"] == 10 * MANY


async def test_many_callers_share_members_and_a_store(shop: Shop) -> None:
    members = [uuid4() for _ in range(7)]
    orders = [shop.order(members[n % 7], 10) for n in range(210)]
    singles, batches = orders[:100], [orders[n : n + 11] for n in range(100, 210, 11)]
    answers = await together(
        [
            *(shop.client.post("/v1/orders", json=order) for order in singles),
            *(shop.client.post("/v1/orders/batch", json={"orders": part}) for part in batches),
        ]
    )
    assert all(answer.status_code == 200 for answer in answers)
    assert (await shop.check_books())["growth_spend"] == 2100
    assert (await shop.points(members[0]))["lifetime"] == 300


def amounts(fen: int, paid: int) -> dict[str, Any]:
    return {
        "items": [{"sku": "milk", "quantity": 1, "amount": {"amount": fen}}],
        "paid": {"amount": paid},
    }


MILK = {"sku": "milk", "quantity": 1, "amount": {"amount": 5}}
REFUSED = [
    ({"store": "moon"}, (422, "unknown_store", "/store")),
    (
        {"items": [MILK, MILK | {"sku": "x"}], "paid": {"amount": 1}},
        (422, "unknown_sku", "/items/1/sku"),
    ),
    (amounts(100, 101), (422, "paid_exceeds_items", "/paid/amount")),
    ({"paid": {"amount": 1, "currency": "USD"}}, (422, "unknown_currency", "/paid/currency")),
    ({"paid_at": "2017-03-17T12:00:00+08:00"}, (422, "paid_in_future", "/paid_at")),
    ({"member_id": None}, (422, "unknown_identifier", "/identifier")),
    ({"coupons": ["NOPE"]}, (422, "unknown_coupon", "/coupons/0")),
    ({"paid": {"amount": -1}}, (422, "invalid_body", "/paid/amount")),
    ({"paid_at": "2017-03-15T12:00:00"}, (422, "invalid_body", "/paid_at")),
    ({"channel": 7}, (422, "invalid_body", "/channel")),
    ({"colour": "red"}, (422, "invalid_body", "/colour")),
    ({"paid_at": "0001-01-01T00:00:00+14:00"}, (422, "paid_long_ago", "/paid_at")),
    ({"channel": "a\0b"}, (422, "unstorable_text", "/channel")),
    ({"coupons": ["A", "\0"]}, (422, "unstorable_text", "/coupons/1")),
    ({"items": [MILK, MILK | {"sku": "\0"}]}, (422, "unstorable_text", "/items/1/sku")),
    (amounts(10**30, 5), (422, "too_large", "/items/0/amount/amount")),
    ({"items": [MILK | {"quantity": 10**19}]}, (422, "too_large", "/items/0/quantity")),
    ({"items": []}, (422, "invalid_body", "/items")),
    (
        {"payer": {"kind": "phone", "value": "13800138000"}},
        (422, "not_sealed", "/payer/value"),
    ),
]


@pytest.mark.parametrize(("change", "expected"), REFUSED)
async def test_a_wrong_order_is_refused_and_the_rest_goes_on(
    shop: Shop, member: UUID, change: dict[str, Any], expected: tuple[int, str, str]
) -> None:
    bad = shop.order(member, 50) | change
    good = shop.order(member, 7)
    refused, booked = await shop.batch([bad, good])
    assert wrong(refused) == expected and refused["order_no"] == "o0"
    assert booked["points"] == 7
    alone = await shop.client.post("/v1/orders", json=bad)
    assert alone.status_code == expected[0]
    assert alone.headers["content-type"] == "application/problem+json"
    assert [error["pointer"] for error in alone.json()["errors"]] == [expected[2]]
    assert (await shop.check_books())["growth_spend"] == 7


async def test_a_malformed_batch_is_refused_whole(shop: Shop) -> None:
    for body, status in ((b"{", 400), (b"[]", 422), (b'{"orders": []}', 422)):
        answer = await shop.client.post("/v1/orders/batch", content=body)
        assert answer.status_code == status
    too_many = {"orders": [shop.order(uuid4(), 1)] * 1001}
    assert (await shop.client.post("/v1/orders/batch", json=too_many)).status_code == 422


async def test_a_dry_run_changes_nothing(shop: Shop, member: UUID) -> None:
    order = shop.order(member, 20)
    would = await shop.client.post("/v1/orders?dry_run=true", json=order)
    assert would.json()["points"] == 20
    assert (await shop.client.get(f"/v1/members/{member}/points")).status_code == 404
    does = await shop.client.post("/v1/orders", json=order)
    assert does.json() == would.json()


async def offer(shop: Shop, member: UUID, code: str, days: int = 7) -> None:
    event = CouponOffered(
        uuid4(), code, member, uuid4(), 20, NOON - timedelta(1), NOON + timedelta(days)
    )
    async with shop.running.db.transaction() as tx:
        await on_offered(tx, [event])
        await on_offered(tx, [event])


async def test_a_coupon_is_redeemed_once_by_its_holder_in_time(shop: Shop, member: UUID) -> None:
    for code, days in (("A", 7), ("B", 7), ("OLD", 0)):
        await offer(shop, member, code, days)
    answers = await shop.batch(
        [
            shop.order(uuid4(), 1, coupons=["A"]),
            shop.order(member, 1, coupons=["OLD"]),
            shop.order(member, 1, coupons=["B", "A", "B"]),
            shop.order(member, 80, coupons=["A"]),
            shop.order(member, 1, coupons=["B", "A"]),
        ]
    )
    assert [answer["problem"] and wrong(answer) for answer in answers] == [
        (422, "foreign_coupon", "/coupons/0"),
        (422, "coupon_not_valid", "/coupons/0"),
        (422, "coupon_redeemed", "/coupons/2"),
        None,
        (422, "coupon_redeemed", "/coupons/1"),
    ]
    assert answers[3]["coupons_used"] == ["A"]
    again = await shop.client.post("/v1/orders", json=shop.order(member, 1, coupons=["A"]))
    assert again.json()["code"] == "coupon_redeemed"
    coupons = (await shop.get(f"/v1/members/{member}/coupons"))["data"]
    assert {(c["code"], c["status"], c["order_no"]) for c in coupons} == {
        ("OLD", "expired", None), ("A", "redeemed", "o3"), ("B", "claimed", None),
    }  # fmt: skip
    [event] = await shop.events("points.orders_recorded.v1")
    assert [order.get("coupons") for order in event["orders"]] == [["A"]]
