"""Tasks of purchases: once a period, refunds counted, whatever is told again or in any sequence."""

import random
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from services.points.tests.conftest import NOON, Shop
from services.points.tests.test_acts import register
from services.points.tests.test_merges import merge
from services.points.tests.test_tasks import TWO, badges

from contracts.events import OrderRefunded, Product, ProductsChanged
from points_service.catalogue.subscribers import on_products
from points_service.orders.subscribers import Booked, Recorded, subscriptions
from points_service.programme import Programme
from testkit import eventually

DAY = timedelta(days=1)
THRICE = {
    "task_id": "thrice", "name": TWO, "purchases": {}, "times": 3, "period": "month", "points": 50,
    "growth": 7, "badge": {"badge": "regular", "name": TWO},
}  # fmt: skip
FRESH = {
    "task_id": "fresh", "name": TWO, "period": "month", "points": 30,
    "purchases": {
        "conditions": [{"kind": "category", "any_of": ["FRESH"]}],
        "spend": {"amount": 20_000},
    },
}  # fmt: skip
RECORDED, REFUNDED = subscriptions(Programme())


async def write(shop: Shop, task: dict[str, Any]) -> None:
    answer = await shop.client.post("/v1/tasks", json=task)
    assert answer.status_code == 200, answer.text


async def progress(shop: Shop, member: UUID) -> tuple[int, bool]:
    """(done, finished) of the one task."""
    [found] = (await shop.get(f"/v1/members/{member}/tasks"))["data"]
    return found["done"], found["finished"]


async def stands(shop: Shop, member: UUID, done: int, *, finished: bool) -> None:
    """Until this is how far the member is: points tells itself what was booked."""

    async def there() -> bool:
        return await progress(shop, member) == (done, finished)

    await eventually(there, says=f"{done}, {finished}")


async def got(shop: Shop, member: UUID) -> tuple[int, int]:
    """Points and growth that tasks brought, and not orders."""
    async with shop.running.db.transaction() as tx:
        growth = await tx.fetchval(
            "SELECT coalesce(sum(amount), 0)::int FROM growth_entry"
            " WHERE member_id = $1 AND kind = 'task'",
            member,
        )
        bought = await tx.fetchval(
            "SELECT coalesce(sum(points - points_reversed), 0)::int FROM orders"
            " WHERE member_id = $1",
            member,
        )
    found = await shop.points(member)
    return found["redeemable"] + found["pending"] - bought, growth


async def test_the_third_purchase_of_a_month_finishes_it_once(shop: Shop, member: UUID) -> None:
    await register(shop, member)
    await write(shop, THRICE)
    for n in range(2):
        await shop.buy(member, 10)
        await stands(shop, member, n + 1, finished=False)
    await shop.buy(member, 0)  # nothing was paid
    for _ in range(2):
        await shop.buy(member, 10)
    await stands(shop, member, 3, finished=True)
    assert await got(shop, member) == (50, 7)
    assert await badges(shop, member) == ["regular"]
    shop.move(NOON + 31 * DAY)
    for _ in range(3):
        await shop.buy(member, 10)
    await stands(shop, member, 3, finished=True)
    assert await got(shop, member) == (100, 14)
    assert len(await shop.events("points.badge_earned.v1")) == 1
    await shop.check_books()


async def test_what_is_given_back_is_taken_back_and_can_be_earned_again(
    shop: Shop, member: UUID
) -> None:
    await register(shop, member)
    await write(shop, THRICE)
    orders = [await shop.buy(member, 10) for _ in range(3)]
    await stands(shop, member, 3, finished=True)
    await shop.refund(orders[0]["order_no"], "part", 400)
    await shop.refund(orders[1]["order_no"], "all")
    await stands(shop, member, 2, finished=False)
    assert await got(shop, member) == (0, 0)
    assert await badges(shop, member) == []
    await shop.buy(member, 10)
    await stands(shop, member, 3, finished=True)
    assert await got(shop, member) == (50, 7)
    assert await badges(shop, member) == ["regular"]
    await shop.check_books()


async def test_spending_on_goods_counts_what_was_paid_for_them(shop: Shop, member: UUID) -> None:
    await register(shop, member)
    async with shop.running.db.transaction() as tx:
        await on_products(tx, [ProductsChanged([Product("milk", category="FRESH")])])
    await write(shop, FRESH)
    both = [
        {"sku": "milk", "quantity": 2, "amount": {"amount": 20_000}},
        {"sku": "bread", "quantity": 1, "amount": {"amount": 10_000}},
    ]
    half = await shop.buy(member, 150, items=both)  # half the price: 10,000 of it for milk
    await stands(shop, member, 10_000, finished=False)
    order = await shop.buy(member, 300, items=both)
    await stands(shop, member, 20_000, finished=True)  # 30,000, and shown as done
    assert await got(shop, member) == (30, 0)
    for sku in ("bread", "milk"):
        body = {"refund_no": sku, "items": [{"sku": sku, "quantity": 1}]}
        answer = await shop.client.post(f"/v1/orders/{order['order_no']}/refunds", json=body)
        assert answer.status_code == 200, answer.text
    await shop.refund(half["order_no"], "some", 150)
    await stands(shop, member, 19_900, finished=False)  # 10,000 and 9,900
    assert await got(shop, member) == (0, 0)
    await shop.check_books()


async def test_told_again_and_in_any_sequence_it_comes_to_the_same(shop: Shop) -> None:
    await write(shop, THRICE)
    chance, members = random.Random(5), [uuid4() for _ in range(3)]
    await register(shop, *members)
    told: list[Any] = []
    for n, member in enumerate(members):
        orders = [await shop.buy(member, 10) for _ in range(2 + n)]
        told += [Recorded([Booked(each["order_no"], member, NOON, 1000)]) for each in orders]
        if n:
            await shop.refund(orders[0]["order_no"], "r")
            told.append(OrderRefunded(orders[0]["order_no"], "r", member, NOON, 1000, 10, 10))
    again = [each for each in told for _ in range(chance.randint(1, 10))]
    chance.shuffle(again)
    for event in again:
        handler = (RECORDED if isinstance(event, Recorded) else REFUNDED).handler
        async with shop.running.db.transaction() as tx:
            await handler(tx, [event])
    for n, member in enumerate(members):
        await stands(shop, member, (2, 2, 3)[n], finished=n == 2)
        assert await got(shop, member) == ((50, 7) if n == 2 else (0, 0))
    await shop.check_books()


async def test_purchases_follow_merges(shop: Shop, member: UUID) -> None:
    other = uuid4()
    await register(shop, member, other)
    await write(shop, THRICE)
    for who in (member, other):
        await shop.buy(who, 10)
        await stands(shop, who, 1, finished=False)
    await merge(shop, (other, member))
    await shop.buy(other, 10)
    await stands(shop, member, 3, finished=True)
    await shop.check_books()


async def test_what_makes_no_sense_is_refused(shop: Shop) -> None:
    for change, pointer in (
        ({"act": "share"}, "/act"),
        ({"purchases": None}, "/act"),
        ({"purchases": {"conditions": [{"kind": "tier", "any_of": ["gold"]}]}},
         "/purchases/conditions/0/kind"),
        ({"purchases": {"conditions": [{"kind": "sku"}]}}, "/purchases/conditions/0/any_of"),
        ({"purchases": {"spend": {"amount": 0}}}, "/purchases/spend/amount"),
    ):  # fmt: skip
        answer = await shop.client.post("/v1/tasks", json=THRICE | change)
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["pointer"] == pointer


async def test_they_are_published_in_words(shop: Shop) -> None:
    await write(shop, THRICE)
    await write(shop, FRESH)
    fresh, thrice = "30 points.", "7 growth and 50 points and the badge “name”."
    for language, said in (
        ("zh", ["名：每月消费满 200 元（品类：FRESH）得30 积分。",
                "名：每月购物 3 次得7 成长值、50 积分、徽章“名”。"]),
        ("en", [f"name: spending 200 yuan (category: FRESH) a month brings {fresh}",
                f"name: shopping 3 times a month brings {thrice}"]),
    ):  # fmt: skip
        shown = await shop.get(f"/v1/rules/public?language={language}")
        [section] = [each for each in shown["sections"] if each["code"] == "tasks"]
        assert section["rules"] == said
