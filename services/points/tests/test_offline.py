"""A till that was off line uploads its queue later: shuffled, twice, in parts. Nothing differs.

What does: an order earns by the tier its member has when it arrives (docs/glossary.md, late order).
"""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID, uuid4

from services.points.tests.conftest import NOON, Shop

from points_service.coupons import repository as coupons
from testkit import together

DAY = timedelta(days=1)
QUEUE = [  # (days before NOON, yuan): over two months, and one whose points expired long ago
    (400, 30.00), (35, 12.34), (34, 0.99), (20, 55.50), (16, 100.00), (13, 7.77), (3, 49.90),
    (3, 49.90), (1, 80.01), (0, 3.00),
]  # fmt: skip


def queue(shop: Shop, member: UUID, told: Sequence[tuple[int, float]]) -> list[dict[str, Any]]:
    """The same orders for another member, with their original times."""
    orders = [
        shop.order(member, yuan, paid_at=(NOON - ago * DAY).isoformat()) for ago, yuan in told
    ]
    return [order | {"order_no": f"{member}-{n}"} for n, order in enumerate(orders)]


async def standing(shop: Shop, member: UUID) -> dict[str, Any]:
    """All that orders leave behind, without ids and times of booking."""
    path = f"/v1/members/{member}"
    points, growth = await shop.get(f"{path}/points"), await shop.get(f"{path}/growth")
    async with shop.running.db.transaction(readonly=True) as tx:
        lots = await tx.fetch(
            "SELECT earned_at, expires_at, points, remaining, expired FROM lot"
            " WHERE member_id = $1 ORDER BY earned_at, points",
            member,
        )
        months = await tx.fetch(
            "SELECT month, orders, fen FROM member_month WHERE member_id = $1 ORDER BY month",
            member,
        )
    tier = (await shop.get(f"{path}/tier"))["tier"]
    return {
        "points": points | {"member_id": None},
        "growth": growth | {"member_id": None},
        "lots": [tuple(row) for row in lots],
        "months": [tuple(row) for row in months],
        "tier": tier,
    }


def parts(orders: Sequence[dict[str, Any]], chance: Random) -> list[list[dict[str, Any]]]:
    """The queue in some sequence, in some pieces, with some of them again and again."""
    shuffled = chance.sample(list(orders), len(orders))
    found: list[list[dict[str, Any]]] = []
    while shuffled:
        size = chance.randint(1, len(shuffled))
        found.append(shuffled[:size])
        shuffled = shuffled[size:]
    again = [chance.choice(found) for _ in range(chance.randint(0, 3))]
    whole = [list(orders)] if chance.random() < 0.5 else []
    return chance.sample([*found, *again, *whole], len(found) + len(again) + len(whole))


async def move(shop: Shop, to: datetime) -> None:
    shop.move(to)
    await shop.tick()


async def test_a_queue_uploaded_late_ends_where_the_orders_would_have(shop: Shop) -> None:
    online, late = uuid4(), [uuid4() for _ in range(12)]
    orders = queue(shop, online, QUEUE)
    await move(shop, NOON - 401 * DAY)
    for order, (ago, _) in zip(orders, QUEUE, strict=True):  # with every midnight in between
        await move(shop, NOON - ago * DAY)
        assert (await shop.batch([order]))[0]["status"] == 200
    for n, member in enumerate(late):
        for part in parts(queue(shop, member, QUEUE), Random(n)):
            assert {each["status"] for each in await shop.batch(part)} == {200}
    await move(shop, NOON + DAY)  # the next midnight takes what came too late to be spent
    expected = await standing(shop, online)
    assert await standing(shop, late[0]) == expected
    wrong = [member for member in late if await standing(shop, member) != expected]
    print(f"{len(late)} shuffled queues: {len(wrong)} differ from the orders on line")
    assert wrong == []
    assert expected["points"]["redeemable"] == 355 and expected["growth"]["growth"] == 385
    await shop.check_books()


async def test_a_late_order_gives_a_tier_back_that_its_month_had_earned(shop: Shop) -> None:
    """Gold wants 200 yuan a month: the review did not know of the order yet."""
    told = [(60, 1600.00), (16, 250.00)]  # mid-January, the end of February; NOON is in March
    online, late = uuid4(), uuid4()
    await move(shop, NOON - 61 * DAY)
    first, second = queue(shop, online, told)
    await shop.batch([first, queue(shop, late, told)[0]])
    await move(shop, NOON - 16 * DAY)
    await shop.batch([second])
    await move(shop, NOON)
    await shop.batch(queue(shop, late, told)[::-1])
    one, other = await standing(shop, online), await standing(shop, late)
    assert one["tier"] == other["tier"] == "gold"
    assert one["growth"] == other["growth"] and one["months"] == other["months"]


async def test_a_late_order_earns_by_the_tier_there_is_when_it_comes(shop: Shop) -> None:
    """Orders in one upload are folded by their times; over several, the tier is what it is."""
    told = [(2, 500.00), (1, 10.00)]
    together, apart = uuid4(), uuid4()
    await shop.batch(queue(shop, together, told)[::-1])
    for order in queue(shop, apart, told)[::-1]:
        await shop.batch([order])
    one, other = await standing(shop, together), await standing(shop, apart)
    assert (one["points"]["redeemable"], other["points"]["redeemable"]) == (512, 510)
    assert one["growth"] == other["growth"] and one["tier"] == other["tier"] == "silver"


async def test_a_coupon_counts_at_the_time_it_was_used(shop: Shop, member: UUID) -> None:
    from services.points.tests.test_checkout import grant  # noqa: PLC0415

    await grant(shop, member, "cash")
    used = shop.order(member, 60, coupons=["cash"])
    shop.move(NOON + 30 * DAY)
    late = shop.order(member, 60, coupons=["cash"])
    assert (await shop.batch([late]))[0]["problem"]["code"] == "coupon_not_valid"
    for _ in range(2):
        [answer] = await shop.batch([used])
        assert answer["coupons_used"] == ["cash"]
    async with shop.running.db.transaction() as tx:
        assert (await coupons.lock(tx, ["cash"]))["cash"].uses == 1


async def test_any_number_of_deliveries_in_any_sequence_count_once(shop: Shop) -> None:
    chance, members = Random(7), [uuid4() for _ in range(5)]
    orders = [shop.order(chance.choice(members), chance.randint(1, 30) + 0.5) for _ in range(60)]
    sent = [order for order in orders for _ in range(chance.randint(1, 10))]
    chance.shuffle(sent)
    pieces = []
    while sent:
        size = chance.randint(1, 40)
        pieces.append(sent[:size])
        sent = sent[size:]
    deliveries = sum(map(len, pieces))
    for n in range(0, len(pieces), 4):  # some of them at the same time
        answers = await together(shop.batch(piece) for piece in pieces[n : n + 4])
        assert {each["status"] for answer in answers for each in answer} == {200}
    points = Counter[str]()
    for order in orders:
        points[order["member_id"]] += order["paid"]["amount"] // 100
    balances = {
        str(member): (await shop.points(member))["redeemable"]
        for member in members
        if str(member) in points
    }
    wrong = {member for member in points if balances[member] != points[member]}
    told = await shop.events("points.orders_recorded.v1")
    numbers = Counter(order["order_no"] for event in told for order in event["orders"])
    print(f"{deliveries} deliveries of {len(orders)} orders: {len(wrong)} balances differ")
    assert not wrong and set(numbers.values()) == {1} and len(numbers) == len(orders)
    await shop.check_books()
