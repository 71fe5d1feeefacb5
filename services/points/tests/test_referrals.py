"""Referrals: rewarded after the first purchase, once; what looks wrong waits for staff."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import msgspec
import pytest
from services.points.tests.conftest import NOON, Shop
from services.points.tests.test_acts import growth, mark, register, settled, tell

from contracts.classification import Kind
from contracts.events import Activity, ActivityBatch, IdentifierLinked, MembersMerged
from contracts.roles import Role
from points_service.merges.subscribers import on_merged
from points_service.programme import Programme
from points_service.referrals.domain import Evidence, Terms, closes_ring, suspicions
from testkit import together

DAY = timedelta(days=1)
A, B, C, D, E = (UUID(int=n) for n in range(1, 6))
DEVICE = "hyx1.device_id.shared"


async def code(shop: Shop, member: UUID) -> str:
    """The member's code."""
    answer = await shop.client.post(f"/v1/members/{member}/referral-links")
    assert answer.status_code == 200, answer.text
    return str(answer.json()["code"])


async def bring(shop: Shop, referrer: UUID, member: UUID, **other: Any) -> httpx.Response:
    """The member comes by the referrer's code."""
    body = {"code": await code(shop, referrer), "member_id": str(member), **other}
    return await shop.client.post("/v1/referrals", json=body)


async def status(shop: Shop, member: UUID) -> tuple[str, list[str]]:
    """What became of the referral that brought a member."""
    shown = (await shop.get("/v1/referrals"))["data"]
    [found] = [each for each in shown if each["referred_id"] == str(member)]
    return found["status"], found["reasons"]


async def first_order(shop: Shop, member: UUID, **other: Any) -> dict[str, Any]:
    """The member buys, and everybody has heard of it."""
    answer = await shop.buy(member, 20, **other)
    await settled(shop)
    return answer


async def decide(shop: Shop, member: UUID, decision: str) -> httpx.Response:
    """Staff decide about the referral that brought a member."""
    shown = (await shop.get("/v1/referrals"))["data"]
    [found] = [each["referral_id"] for each in shown if each["referred_id"] == str(member)]
    return await shop.client.post(f"/v1/referrals/{found}/decide", json={"decision": decision})


async def pair(shop: Shop) -> tuple[UUID, UUID]:
    """Two registered members."""
    members = uuid4(), uuid4()
    await register(shop, *members)
    return members


async def merge(shop: Shop, kept: UUID, gone: UUID) -> None:
    """They are one."""
    async with shop.running.db.transaction() as tx:
        told = MembersMerged(uuid4(), kept, gone, NOON, "phone:x")
        await on_merged(Programme()).handler(tx, [told])


async def test_the_first_purchase_is_rewarded_once(shop: Shop) -> None:
    referrer, friend = await pair(shop)
    assert await code(shop, referrer) == await code(shop, referrer)
    answer = await bring(shop, referrer, friend)
    assert answer.json()["status"] == "pending"
    assert await growth(shop, referrer) == {}
    await first_order(shop, friend)
    await first_order(shop, friend)
    assert await growth(shop, referrer) == {"referral": 50}
    assert await status(shop, friend) == ("rewarded", [])
    [event] = await shop.events("points.referral_rewarded.v1")
    assert event["referrer_id"] == str(referrer) and event["referred_id"] == str(friend)
    await shop.check_books()


async def test_diamond_can_be_reached(shop: Shop) -> None:
    referrer, friend = await pair(shop)
    await shop.buy(referrer, 3000)
    assert (await shop.get(f"/v1/members/{referrer}/tier"))["tier"] == "gold"
    await bring(shop, referrer, friend)
    order = await first_order(shop, friend)
    tier = await shop.get(f"/v1/members/{referrer}/tier")
    assert (tier["tier"], tier["history"][0]["previous"]) == ("diamond", "gold")
    await shop.refund(order["order_no"], "r")
    await settled(shop)
    assert await status(shop, friend) == ("reversed", ["first_purchase_refunded"])
    assert (await shop.get(f"/v1/members/{referrer}/tier"))["tier"] != "diamond"
    assert (await growth(shop, referrer))["referral"] == 0
    await shop.check_books()


async def test_a_reward_of_points_is_taken_back_too(shop: Shop) -> None:
    rule = {
        "rule_id": "thanks", "name": {"zh": "谢", "en": "thanks"}, "on": "referral",
        "effect": {"kind": "fixed", "amount": 300},
    }  # fmt: skip
    assert (await shop.client.post("/v1/earning-rules", json=rule)).status_code == 200
    referrer, friend = await pair(shop)
    await bring(shop, referrer, friend)
    order = await first_order(shop, friend)
    assert (await shop.points(referrer))["redeemable"] == 300
    assert (await shop.redeem(referrer, 200)).status_code == 200
    await shop.refund(order["order_no"], "part", 500)
    await settled(shop)
    assert (await status(shop, friend))[0] == "rewarded"  # a part of it stays bought
    await shop.refund(order["order_no"], "rest")
    await settled(shop)
    points = await shop.points(referrer)
    assert (points["redeemable"], points["pending"]) == (0, -200)
    await shop.buy(referrer, 250)
    assert (await shop.points(referrer))["redeemable"] == 50
    await shop.check_books()


async def test_late_returns_leave_the_reward(shop: Shop) -> None:
    referrer, friend = await pair(shop)
    await bring(shop, referrer, friend)
    order = await first_order(shop, friend)
    shop.move(NOON + 31 * DAY)
    await shop.refund(order["order_no"], "r")
    await settled(shop)
    assert (await status(shop, friend))[0] == "rewarded"


async def test_only_new_members_are_brought_and_once(shop: Shop) -> None:
    referrer, friend = await pair(shop)
    third, old = uuid4(), uuid4()
    await register(shop, third)
    await register(shop, old, at=NOON - 31 * DAY)
    assert (await bring(shop, referrer, old)).json()["code"] == "not_new"
    await shop.buy(third, 1)
    assert (await bring(shop, referrer, third)).json()["code"] == "not_new"
    results = await together(bring(shop, referrer, friend) for _ in range(8))
    assert sorted(answer.status_code for answer in results) == [200] + [409] * 7
    assert (await bring(shop, third, friend)).json()["code"] == "attributed_before"
    wrong = {"code": "A" * 16, "member_id": str(old)}
    answer = await shop.client.post("/v1/referrals", json=wrong)
    assert (answer.status_code, answer.json()["code"]) == (422, "unknown_code")
    headers = shop.running.headers(Role.MEMBER, member_id=old)
    answer = await shop.client.post("/v1/referrals", json=wrong, headers=headers)
    assert answer.json()["code"] == "unknown_code"
    headers = shop.running.headers(Role.MEMBER, member_id=third)
    answer = await shop.client.post("/v1/referrals", json=wrong, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (403, "not_yours")


async def test_nobody_brings_himself(shop: Shop) -> None:
    me, myself = await pair(shop)
    assert (await bring(shop, me, me)).json()["status"] == "refused"
    assert await status(shop, me) == ("refused", ["self_referral"])
    await first_order(shop, me)
    assert await growth(shop, me) == {"spend": 20}
    other, friend = await pair(shop)
    await bring(shop, other, friend)
    await first_order(shop, friend)
    assert (await growth(shop, other))["referral"] == 50
    await merge(shop, other, friend)  # they were one all the time
    assert await status(shop, other) == ("review", ["self_referral"])
    assert (await decide(shop, other, "accept")).json()["code"] == "self_referral"
    assert (await decide(shop, other, "refuse")).json()["status"] == "refused"
    assert (await growth(shop, other))["referral"] == 0
    assert (await decide(shop, other, "refuse")).json()["code"] == "not_in_review"
    assert await growth(shop, myself) == {}
    await shop.check_books()


async def test_the_same_device_waits_for_staff(shop: Shop) -> None:
    referrer, friend = await pair(shop)
    phone, device = mark(Kind.PHONE, "p"), mark(Kind.DEVICE_ID, "shared")
    told = Activity("m", "identify", NOON, [phone, device])
    await tell(
        shop,
        IdentifierLinked(referrer, Kind.PHONE, phone.index, NOON, "staff"),
        ActivityBatch("b", NOON, "app", [told]),
    )
    await settled(shop)
    answer = await bring(shop, referrer, friend, device_id=DEVICE)
    assert answer.json()["status"] == "review"
    await first_order(shop, friend)
    assert await growth(shop, referrer) == {}
    assert (await decide(shop, friend, "accept")).json()["status"] == "rewarded"
    assert await growth(shop, referrer) == {"referral": 50}


async def test_refused_ones_bring_nothing(shop: Shop) -> None:
    referrer, friend = await pair(shop)
    device = mark(Kind.DEVICE_ID, "shared")
    await tell(shop, IdentifierLinked(referrer, Kind.DEVICE_ID, device.index, NOON, "staff"))
    await settled(shop)
    assert (await bring(shop, referrer, friend, device_id=DEVICE)).json()["status"] == "review"
    answer = await decide(shop, friend, "refuse")
    assert (answer.json()["status"], answer.json()["decided_by"]) == ("refused", "test-admin")
    await first_order(shop, friend)
    assert await growth(shop, referrer) == {}


async def test_accepted_before_the_purchase_it_is_rewarded_with_it(shop: Shop) -> None:
    referrer, friend = await pair(shop)
    device = mark(Kind.DEVICE_ID, "shared")
    await tell(shop, IdentifierLinked(referrer, Kind.DEVICE_ID, device.index, NOON, "staff"))
    await settled(shop)
    await bring(shop, referrer, friend, device_id=DEVICE)
    assert (await decide(shop, friend, "accept")).json()["status"] == "pending"
    await first_order(shop, friend)
    assert await growth(shop, referrer) == {"referral": 50}


async def test_the_same_payment_waits_for_staff(shop: Shop) -> None:
    referrer, friend = await pair(shop)
    payer = {"kind": "external", "value": "hyx1.external.wallet"}
    await shop.buy(referrer, 5, payer=payer)
    await bring(shop, referrer, friend)
    await first_order(shop, friend, payer=payer)
    assert await status(shop, friend) == ("review", ["same_payment"])
    assert "referral" not in await growth(shop, referrer)


async def test_rings_wait_for_staff(shop: Shop) -> None:
    members = [uuid4() for _ in range(3)]
    await register(shop, *members)
    one, two, three = members
    assert (await bring(shop, one, two)).json()["status"] == "pending"
    assert (await bring(shop, two, three)).json()["status"] == "pending"
    assert (await bring(shop, three, one)).json()["status"] == "review"
    assert await status(shop, one) == ("review", ["ring"])


async def test_too_many_in_a_day_wait_for_staff(shop: Shop) -> None:
    referrer, friends = uuid4(), [uuid4() for _ in range(12)]
    await register(shop, referrer, *friends)
    told = [(await bring(shop, referrer, friend)).json()["status"] for friend in friends]
    assert told == ["pending"] * 10 + ["review"] * 2
    shown = await shop.get("/v1/referrals?status=review&limit=1")
    assert shown["data"][0]["reasons"] == ["velocity"]
    rest = await shop.get(f"/v1/referrals?status=review&cursor={shown['next_cursor']}")
    assert len(rest["data"]) == 1 and rest["next_cursor"] is None
    assert (await shop.client.get("/v1/referrals?status=x")).status_code == 422
    for friend in friends:
        await shop.buy(friend, 1)
    await settled(shop)
    assert await growth(shop, referrer) == {"referral": 500}
    await shop.check_books()


async def test_a_friend_who_turns_out_to_be_a_customer(shop: Shop) -> None:
    referrer, friend = await pair(shop)
    customer = uuid4()
    await shop.buy(customer, 10)
    await bring(shop, referrer, friend)
    await merge(shop, customer, friend)
    assert await status(shop, customer) == ("refused", ["not_new"])
    await first_order(shop, friend)
    assert await growth(shop, referrer) == {}


async def test_what_a_till_sends_late_shows_an_old_customer(shop: Shop) -> None:
    referrer, friend = await pair(shop)
    await bring(shop, referrer, friend)
    await first_order(shop, friend, paid_at=(NOON - 2 * DAY).isoformat())
    assert await status(shop, friend) == ("refused", ["not_new"])
    await first_order(shop, friend)
    assert await growth(shop, referrer) == {}


async def test_an_order_told_again_rewards_nothing_again(shop: Shop) -> None:
    referrer, friend = await pair(shop)
    await bring(shop, referrer, friend)
    order = shop.order(friend, 30)
    for _ in range(10):
        assert (await shop.client.post("/v1/orders", json=order)).status_code == 200
    await settled(shop)
    body = (await shop.events("points.orders_recorded.v1"))[0]
    bus = shop.running.app.state.runtime.bus
    for _ in range(5):
        await bus.publish("points.orders_recorded.v1", str(uuid4()), msgspec.json.encode(body))
    await settled(shop)
    assert await growth(shop, referrer) == {"referral": 50}


@pytest.mark.parametrize(
    ("brought_by", "ring"),
    [
        ({}, False),
        ({A: B}, True),
        ({A: C, C: B}, True),
        ({A: C, C: D, D: B}, True),
        ({A: C, C: D, D: E, E: B}, False),  # longer than is looked for
        ({A: C, C: A}, False),
    ],
)
def test_rings(brought_by: dict[UUID, UUID], ring: bool) -> None:
    assert closes_ring(A, B, brought_by, Terms(longest_ring=4)) is ring


def test_every_suspicion_is_told() -> None:
    evidence = Evidence(shared_devices=True, shared_payment=True, brought_by={A: A}, last_day=11)
    assert suspicions(A, A, evidence, Terms()) == (
        "self_referral", "same_device", "same_payment", "ring", "velocity",
    )  # fmt: skip
