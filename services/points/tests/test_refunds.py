"""Refunds: what was earned goes, what was spent comes back, in proportion and once."""

from datetime import timedelta
from random import Random
from typing import Any
from uuid import UUID

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from services.points.tests.conftest import NOON, Shop
from services.points.tests.test_orders import offer

from points_service.refunds.items import Asked, Goods, Item, Wrong, all_back, returned
from testkit import together


async def test_a_refund_in_parts_ends_where_one_refund_would(shop: Shop, member: UUID) -> None:
    await shop.buy(member, 1000)
    await shop.buy(member, 101.01)  # silver: 121 points, growth 101
    await shop.redeem(member, 500, order_no="o1")
    for number, fen in enumerate((3333, 3333, None)):
        answer = (await shop.refund("o1", f"r{number}", fen)).json()
    assert answer["amount"] == {"amount": 10101 - 6666, "currency": "CNY"}
    events = await shop.events("points.order_refunded.v1")
    assert [e["points"] for e in events] == [39, 40, 42]
    assert [e["growth"] for e in events] == [33, 33, 35]
    assert [e["refund_fen"] for e in events] == [3333, 3333, 3435]
    points = await shop.points(member)
    assert points["redeemable"] == 1000
    stats = await shop.check_books()
    assert (stats["burnt"], stats["reversed"], stats["growth_spend"]) == (0, 121, 1000)


async def test_a_refund_number_counts_once(shop: Shop, member: UUID) -> None:
    await shop.buy(member, 100)
    first = await shop.refund("o0", "r", 4000)
    answers = await together(shop.refund("o0", "r", 4000) for _ in range(20))
    assert {answer.text for answer in answers} == {first.text}
    for number, fen, code in (
        ("r", 4001, "refund_no_reused"),
        ("s", 6001, "nothing_left"),
        ("s", 0, "nothing_left"),
    ):
        answer = await shop.refund("o0", number, fen)
        assert (answer.status_code, answer.json()["code"]) == (409, code)
    assert (await shop.refund("o9", "r")).status_code == 404
    assert (await shop.refund("o0", "rest")).json()["points_reversed"] == 60
    assert (await shop.refund("o0", "more")).status_code == 409
    assert (await shop.check_books())["outstanding"] == 0


async def test_concurrent_refunds_never_give_back_more_than_was_paid(
    shop: Shop, member: UUID
) -> None:
    await shop.buy(member, 100)
    answers = await together(shop.refund("o0", f"r{n}", 3000) for n in range(10))
    assert sorted(answer.status_code for answer in answers) == [200] * 3 + [409] * 7
    assert (await shop.check_books())["outstanding"] == 10


async def test_points_spent_already_become_a_debt_that_earnings_pay(
    shop: Shop, member: UUID
) -> None:
    await shop.buy(member, 300)
    await shop.redeem(member, 300)
    answer = (await shop.refund("o0", "r")).json()
    assert (answer["points_reversed"], answer["balance"]) == (300, 0)
    points = await shop.points(member)
    assert (points["redeemable"], points["pending"]) == (0, -300)
    assert (await shop.check_books())["owed"] == 300
    assert (await shop.buy(member, 200))["balance"] == 0
    assert (await shop.points(member))["pending"] == -100
    answer = await shop.buy(member, 150)
    assert (answer["points"], answer["balance"]) == (150, 50)
    stats = await shop.check_books()
    assert (stats["owed"], stats["reversed"], stats["outstanding"]) == (0, 300, 50)
    # What paid the debt is gone: taking that order back owes it again.
    await shop.refund("o1", "r")
    assert (await shop.points(member))["pending"] == -150
    await shop.check_books()


async def test_points_that_come_back_pay_a_debt_first(shop: Shop, member: UUID) -> None:
    await shop.buy(member, 300)
    await shop.buy(member, 100)
    await shop.redeem(member, 400, order_no="o1")
    await shop.refund("o0", "r")
    assert (await shop.points(member))["pending"] == -300
    answer = (await shop.refund("o1", "r")).json()
    assert (answer["points_restored"], answer["points_reversed"]) == (400, 100)
    points = await shop.points(member)
    assert (points["redeemable"], points["pending"]) == (0, 0)
    assert (await shop.check_books())["outstanding"] == 0


async def test_points_of_another_purchase_are_not_given_back(shop: Shop, member: UUID) -> None:
    await shop.buy(member, 500)
    await shop.redeem(member, 200)
    answer = (await shop.refund("o0", "r", 25000)).json()
    assert (answer["points_reversed"], answer["points_restored"]) == (250, 0)
    assert answer["balance"] == 50


async def test_an_order_paid_with_nothing_can_be_refunded_once(shop: Shop, member: UUID) -> None:
    await shop.buy(member, 500)
    free = shop.order(member, 3, paid={"amount": 0})
    await shop.batch([free])
    await shop.redeem(member, 300, order_no="o1")
    assert (await shop.refund("o1", "r")).json()["points_restored"] == 300
    assert (await shop.refund("o1", "s")).status_code == 409
    assert (await shop.check_books())["burnt"] == 0


async def test_points_go_back_to_the_very_lots_and_expire_when_those_would(
    shop: Shop, member: UUID
) -> None:
    await shop.buy(member, 200, paid_at=(NOON - timedelta(days=360)).isoformat())
    await shop.buy(member, 300)
    await shop.redeem(member, 400, order_no="o1")  # 200 old, 200 new
    await shop.refund("o1", "half", 15000)  # takes 150 back: 100 of its own lot, 100 restored
    points = await shop.points(member)
    assert (points["redeemable"], points["pending"]) == (150, 0)
    shop.move(NOON + timedelta(days=30))  # the old lot is past its date, never spent again
    await shop.tick()
    answer = (await shop.refund("o1", "rest")).json()
    assert answer["points_restored"] == 200
    stats = await shop.check_books()
    assert stats["expired"] == 200
    assert stats["outstanding"] == 0


async def test_a_refund_lowers_growth_and_what_lasts_of_the_tier(shop: Shop, member: UUID) -> None:
    await shop.buy(member, 1600)
    assert (await shop.get(f"/v1/members/{member}/tier"))["tier"] == "gold"
    await shop.refund("o0", "a", 5000)  # growth 1550, 1550 yuan this month
    assert (await shop.get(f"/v1/members/{member}/tier"))["tier"] == "gold"
    answer = (await shop.refund("o0", "b", 50000)).json()
    assert answer["tier"] == "silver"
    [*_, event] = await shop.events("points.tier_changed.v1")
    assert (event["tier"], event["reason"]) == ("silver", "refund")


@pytest.mark.parametrize("fen", [0, -5])
async def test_an_amount_is_positive(shop: Shop, member: UUID, fen: int) -> None:
    await shop.buy(member, 10)
    assert (await shop.refund("o0", "r", fen)).status_code in {409, 422}


THREE = [
    {"sku": "milk", "quantity": 3, "amount": {"amount": 1000}},
    {"sku": "bread", "quantity": 1, "amount": {"amount": 500}},
    {"sku": "milk", "quantity": 0, "amount": {"amount": 333}},  # weighed
]


async def give(shop: Shop, number: str, *items: tuple[int, int], **more: Any) -> httpx.Response:
    """Pieces of lines of order o0 come back."""
    told = [{"line": line, "quantity": pieces} for line, pieces in items]
    body = {"refund_no": number, "items": told} | more
    return await shop.client.post("/v1/orders/o0/refunds", json=body)


async def test_items_give_back_what_was_paid_for_them(shop: Shop, member: UUID) -> None:
    await shop.batch([shop.order(member, 0, items=THREE, paid={"amount": 1700})])
    # 1,700 fen of 1,833: 927 for milk (309 a piece), 464 for bread, 309 for what was weighed
    first = await give(shop, "a", (0, 2), reason="spoilt")
    assert first.json()["items"] == [
        {"line": 0, "quantity": 2, "amount": {"amount": 618, "currency": "CNY"}}
    ]
    assert (first.json()["amount"]["amount"], first.json()["reason"]) == (618, "spoilt")
    assert (await give(shop, "a", (0, 2))).json() == first.json()
    for number, items, status, code, pointer in (
        ("a", [(0, 1)], 409, "refund_no_reused", "/refund_no"),
        ("b", [(1, 1), (0, 2)], 409, "nothing_left", "/items/1"),
        ("b", [(0, 1), (0, 1)], 409, "nothing_left", "/items/0"),
        ("b", [(3, 1)], 422, "unknown_line", "/items/0"),
    ):
        wrong = await give(shop, number, *items)
        assert (wrong.status_code, wrong.json()["code"]) == (status, code)
        assert wrong.json()["errors"][0]["pointer"] == pointer
    two_ways = await give(shop, "b", (0, 1), amount={"amount": 1})
    assert (two_ways.status_code, two_ways.json()["code"]) == (422, "one_amount")
    by_sku = {"refund_no": "b", "items": [{"sku": "bread", "quantity": 1}]}
    second = await shop.client.post("/v1/orders/o0/refunds", json=by_sku)
    assert second.json()["amount"]["amount"] == 464
    unclear = {"refund_no": "c", "items": [{"sku": "milk", "quantity": 1}]}
    assert (await shop.client.post("/v1/orders/o0/refunds", json=unclear)).status_code == 422
    third = await give(shop, "c", (2, 1), (0, 1))
    assert third.json()["amount"]["amount"] == 1700 - 618 - 464
    assert (await give(shop, "d", (0, 1))).status_code == 409
    stats = await shop.check_books()
    assert (stats["outstanding"], stats["growth_spend"]) == (0, 0)


async def test_an_amount_before_leaves_less_for_the_items(shop: Shop, member: UUID) -> None:
    await shop.batch([shop.order(member, 0, items=THREE, paid={"amount": 1833})])
    await shop.refund("o0", "sorry", 1500)
    assert (await give(shop, "a", (0, 1))).json()["amount"]["amount"] == 333
    assert (await give(shop, "b", (0, 1))).json()["code"] == "nothing_left"


async def test_coupons_come_back_with_the_last_fen(shop: Shop, member: UUID) -> None:
    await offer(shop, member, "A")
    order = shop.order(member, 0, items=THREE, paid={"amount": 1467}, coupons=["A"])
    [answer] = await shop.batch([order])  # 20 % off: 200, 100 and 66
    assert answer["coupons_used"] == ["A"]
    part = (await give(shop, "a", (0, 3))).json()
    assert (part["amount"]["amount"], part["coupons"]) == (800, [])
    again = await shop.client.post("/v1/orders", json=shop.order(member, 20, coupons=["A"]))
    assert again.json()["code"] == "coupon_redeemed"
    rest = (await shop.refund("o0", "b")).json()
    assert (rest["amount"]["amount"], rest["coupons"]) == (667, ["A"])
    assert (await shop.refund("o0", "b")).json() == rest
    told = await shop.events("points.order_refunded.v1")
    assert [event.get("coupons", []) for event in told] == [[], ["A"]]
    await shop.buy(member, 20, coupons=["A"])
    await shop.check_books()


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9999)), min_size=1, max_size=6),
    st.integers(0, 100),
    st.integers(0, 900),
    st.randoms(),
)
def test_pieces_in_any_sequence_add_up_to_what_was_paid(
    lines: list[tuple[int, int]], percent: int, delivery: int, chance: Random
) -> None:
    bought = [("milk", quantity, fen) for quantity, fen in lines]
    paid = (sum(fen for _, fen in lines) + delivery) * percent // 100
    goods = Goods(bought, paid, delivery)
    pieces = [n for n in range(len(lines)) for _ in range(goods.pieces(n))]
    chance.shuffle(pieces)
    came: list[Item] = []
    while pieces:
        assert not all_back(goods, came)
        part = [pieces.pop() for _ in range(min(len(pieces), chance.randint(1, 4)))]
        back = returned(goods, came, [Asked(line, None, 1) for line in part])
        assert not isinstance(back, Wrong)
        came += back
    assert all_back(goods, came)
    assert isinstance(returned(goods, came, [Asked(0, None, 1)]), Wrong)
    by_line = [sum(fen for line, _, fen in came if line == n) for n in range(len(lines))]
    assert by_line == goods.paid()
    assert sum(by_line) == paid if not delivery else sum(by_line) <= paid
