"""Refunds: what was earned goes, what was spent comes back, in proportion and once."""

import asyncio
from datetime import timedelta
from uuid import UUID

import pytest
from services.points.tests.conftest import NOON, Shop


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
    answers = await asyncio.gather(*(shop.refund("o0", "r", 4000) for _ in range(20)))
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
    answers = await asyncio.gather(*(shop.refund("o0", f"r{n}", 3000) for n in range(10)))
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
