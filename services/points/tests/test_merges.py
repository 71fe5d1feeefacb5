"""Members that turn out to be one."""

from datetime import timedelta
from uuid import UUID, uuid4

import httpx
from services.points.tests.conftest import NOON, Shop

from contracts.events import CouponOffered, MemberRegistered, MembersMerged
from points_service.coupons.subscribers import on_offered
from points_service.members.subscribers import on_registered
from points_service.merges.subscribers import on_merged
from points_service.programme import Programme


async def merge(shop: Shop, *pairs: tuple[UUID, UUID]) -> None:
    """(survivor, absorbed), told in one go."""
    events = [MembersMerged(uuid4(), keep, gone, NOON, "card_no:x") for keep, gone in pairs]
    async with shop.running.db.transaction() as tx:
        await on_merged(Programme()).handler(tx, events)


async def test_everything_becomes_the_survivors(shop: Shop) -> None:
    one, other = uuid4(), uuid4()
    await shop.buy(one, 300)
    await shop.buy(other, 400, paid_at=(NOON - timedelta(days=5)).isoformat())
    await shop.redeem(other, 100)
    await merge(shop, (one, other))
    for asked in (one, other):
        points = await shop.points(asked)
        assert points["member_id"] == str(one)
        assert (points["redeemable"], points["lifetime"]) == (600, 700)
        assert points["expiring_next"] == {"points": 300, "at": "2018-03-09T16:00:00Z"}
        growth = await shop.get(f"/v1/members/{asked}/growth")
        assert (growth["growth"], growth["by_kind"]) == (700, {"spend": 700})
        assert growth["month_spend"]["amount"] == 70000
        tier = await shop.get(f"/v1/members/{asked}/tier")
        assert [(s["tier"], s["reason"]) for s in tier["history"]] == [("silver", "merge")]
    entries = (await shop.get(f"/v1/members/{one}/points/entries"))["data"]
    assert sum(entry["amount"] for entry in entries) == 600
    stats = await shop.check_books()
    assert sum(stats["tiers"].values()) == 1
    async with shop.running.db.transaction() as tx:
        assert {r[0] for r in await tx.fetch("SELECT earned_by FROM lot")} == {one, other}


async def test_calls_with_the_absorbed_id_act_on_the_survivor(shop: Shop) -> None:
    one, other = uuid4(), uuid4()
    first = await shop.buy(other, 100)
    order = shop.order(other, 50)
    booked = (await shop.client.post("/v1/orders", json=order)).json()
    await merge(shop, (one, other))
    answer = await shop.buy(other, 10)
    assert (answer["member_id"], answer["balance"]) == (str(one), 160)
    assert (await shop.redeem(other, 100)).json()["member_id"] == str(one)
    for member in (one, other):  # the same order, by whatever id the gateway has for them now
        again = await shop.client.post("/v1/orders", json=order | {"member_id": str(member)})
        assert again.json() == booked
    refund = (await shop.refund(first["order_no"], "r")).json()
    assert (refund["member_id"], refund["balance"]) == (str(one), 0)
    assert (await shop.check_books())["owed"] == 40


async def test_merges_in_chains_and_told_twice(shop: Shop) -> None:
    a, b, c, d = (uuid4() for _ in range(4))
    for member in (a, b, c, d):
        await shop.buy(member, 100)
    await merge(shop, (b, a), (c, b), (c, a))
    await merge(shop, (d, c), (d, a), (b, d))
    for member in (a, b, c, d):
        assert (await shop.points(member))["member_id"] == str(d)
    assert (await shop.points(a))["redeemable"] == 400
    await shop.check_books()


async def test_one_ones_points_pay_the_other_ones_debt(shop: Shop) -> None:
    owing, rich, late = uuid4(), uuid4(), uuid4()
    await shop.buy(owing, 300)
    await shop.redeem(owing, 300)
    await shop.refund("o0", "r")
    await shop.buy(rich, 100)
    await shop.buy(late, 250)
    await merge(shop, (rich, owing), (late, rich))
    points = await shop.points(owing)
    assert (points["member_id"], points["redeemable"], points["pending"]) == (str(late), 50, 0)
    stats = await shop.check_books()
    assert (stats["owed"], stats["outstanding"]) == (0, 50)


async def test_members_points_has_not_heard_of_can_be_merged(shop: Shop) -> None:
    one, other = uuid4(), uuid4()
    await merge(shop, (one, other))
    async with shop.running.db.transaction() as tx:
        told = [MemberRegistered(member, NOON) for member in (one, other)]
        await on_registered(Programme()).handler(tx, told)
        event = CouponOffered(uuid4(), "C", other, uuid4(), 20, NOON, NOON + timedelta(days=7))
        await on_offered(tx, [event])
    assert (await shop.points(other))["member_id"] == str(one)
    assert (await shop.buy(one, 5, coupons=["C"]))["coupons_used"] == ["C"]


async def test_a_registered_member_has_nothing_yet(shop: Shop, member: UUID) -> None:
    answer: httpx.Response = await shop.client.get(f"/v1/members/{member}/points")
    assert (answer.status_code, answer.json()["code"]) == (404, "unknown_member")
    async with shop.running.db.transaction() as tx:
        await on_registered(Programme()).handler(tx, [MemberRegistered(member, NOON)])
    assert (await shop.points(member))["redeemable"] == 0
    assert (await shop.get(f"/v1/members/{member}/tier"))["tier"] == "regular"
    assert (await shop.get(f"/v1/members/{member}/points/entries"))["data"] == []
