"""Benefits: the catalogue, quotas, applications with deadline and area, coupons by themselves."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
from services.points.tests.conftest import NOON, Shop
from services.points.tests.test_merges import merge

from chassis.clock import midnight
from contracts.points_events import ReferralRewarded
from points_service.benefits.subscribers import on_referral
from points_service.programme import Programme
from testkit import together
from testkit.waiting import eventually

CITY = "310100"


async def gold(shop: Shop, **other: Any) -> UUID:
    """A member who has bought for 1,600 yuan, just now."""
    member = uuid4()
    await shop.buy(member, 1600, **other)
    return member


async def has(shop: Shop, member: UUID, benefit_id: str) -> dict[str, Any]:
    found = (await shop.get(f"/v1/members/{member}/benefits"))["data"]
    return dict(next(each for each in found if each["benefit_id"] == benefit_id))


async def use(shop: Shop, member: UUID, benefit_id: str, **other: Any) -> httpx.Response:
    path = f"/v1/members/{member}/benefits/{benefit_id}/uses"
    return await shop.client.post(path, json=other)


async def apply(shop: Shop, member: UUID, **other: Any) -> httpx.Response:
    body = {"benefit_id": "free_delivery", "area": CITY, **other}
    return await shop.client.post(f"/v1/members/{member}/benefit-applications", json=body)


async def handle(shop: Shop, application: dict[str, Any], action: str) -> httpx.Response:
    path = f"/v1/benefit-applications/{application['application_id']}/{action}"
    body = {"reason": "not_available"} if action == "refuse" else None
    return await shop.client.post(path, json=body)


def problem(answer: httpx.Response) -> tuple[int, str, str | None]:
    told = answer.json()
    errors = told.get("errors")
    return answer.status_code, told["code"], errors[0]["pointer"] if errors else None


async def test_every_tier_has_what_is_promised(shop: Shop) -> None:
    promised = {
        10: ("regular", 95, ["member_price"]),
        700: ("silver", 90, ["member_price", "birthday_coupon", "priority_checkout"]),
        1600: (
            "gold",
            85,
            [
                "member_price", "birthday_coupon", "priority_checkout", "free_delivery",
                "exclusive_goods", "parking",
            ],
        ),
    }  # fmt: skip
    for yuan, (tier, percent, ids) in promised.items():
        member = uuid4()
        await shop.buy(member, yuan)
        found = await shop.get(f"/v1/members/{member}/benefits")
        assert (found["tier"], found["price_percent"]) == (tier, percent)
        assert [each["benefit_id"] for each in found["data"]] == ids
    ladder = await shop.get("/v1/tier-ladders/A")
    diamond = {each["benefit_id"]: each["quota"] for each in ladder["tiers"][3]["benefits"]}
    assert (diamond["personal_shopper"], diamond["referral_coupon"]) == (2, None)
    assert (await shop.client.get(f"/v1/members/{uuid4()}/benefits")).status_code == 404


async def test_parking_is_earned_online_and_used_at_the_mall(shop: Shop) -> None:
    member = await gold(shop)
    assert not (await has(shop, member, "parking"))["earned"]
    assert problem(await use(shop, member, "parking", channel="mall"))[:2] == (409, "not_earned")
    await shop.buy(member, 20, channel="app")
    assert (await has(shop, member, "parking"))["earned"]
    wrong = await use(shop, member, "parking", channel="app")
    assert problem(wrong) == (422, "other_channel", "/channel")
    answer = await use(shop, member, "parking", channel="mall", store="s1")
    assert answer.status_code == 200, answer.text
    assert (answer.json()["used"], answer.json()["left"]) == (1, 1)
    assert (await use(shop, member, "parking", channel="pos")).json()["left"] == 0
    assert problem(await use(shop, member, "parking", channel="pos"))[:2] == (409, "used_up")
    found = await has(shop, member, "parking")
    assert (found["quota"], found["used"], found["left"]) == (2, 2, 0)
    assert found["period_ends"] == "2017-03-31T16:00:00Z"
    shop.move(midnight(date(2017, 4, 1)))
    found = await has(shop, member, "parking")
    assert (found["left"], found["earned"]) == (2, False)


async def test_what_cannot_be_used(shop: Shop) -> None:
    member = await gold(shop)
    for benefit_id, expected in {
        "personal_shopper": (409, "not_entitled"),
        "nothing": (404, "unknown_benefit"),
        "free_delivery": (409, "not_used_like_this"),
        "birthday_coupon": (409, "not_used_like_this"),
        "member_price": (409, "not_used_like_this"),
    }.items():
        assert problem(await use(shop, member, benefit_id))[:2] == expected
    assert (await use(shop, member, "priority_checkout")).json()["left"] is None
    assert (await use(shop, uuid4(), "parking")).status_code == 404


async def test_64_callers_at_once_never_exceed_a_quota(shop: Shop) -> None:
    member = await gold(shop, channel="app")
    answers = await together(use(shop, member, "parking", channel="pos") for _ in range(64))
    statuses = sorted(answer.status_code for answer in answers)
    print(f"quota 2, 64 callers: {statuses.count(200)} uses, {statuses.count(409)} refused")
    assert statuses == [200] * 2 + [409] * 62
    assert (await has(shop, member, "parking"))["used"] == 2


async def test_the_same_key_is_one_use(shop: Shop) -> None:
    member = await gold(shop, channel="app")
    path = f"/v1/members/{member}/benefits/parking/uses"
    key = {"Idempotency-Key": "k"}
    first = await shop.client.post(path, json={"channel": "pos"}, headers=key)
    again = await shop.client.post(path, json={"channel": "pos"}, headers=key)
    other = await shop.client.post(path, json={"channel": "mall"}, headers=key)
    assert first.json() == again.json() and other.status_code == 422
    assert (await has(shop, member, "parking"))["used"] == 1


async def test_quotas_and_applications_follow_merges(shop: Shop) -> None:
    one, other = await gold(shop, channel="app"), await gold(shop, channel="app")
    for member in (one, one, other):
        assert (await use(shop, member, "parking", channel="pos")).status_code == 200
    assert (await apply(shop, other, order_no="o1")).status_code == 200
    await merge(shop, (one, other))
    found = await has(shop, other, "parking")
    assert (found["used"], found["left"]) == (3, 0)
    assert problem(await use(shop, one, "parking", channel="pos"))[:2] == (409, "used_up")
    for member in (one, other):
        path = f"/v1/members/{member}/benefit-applications"
        (application,) = (await shop.get(path))["data"]
        assert application["member_id"] == str(one)
    assert problem(await apply(shop, one, order_no="o1"))[:2] == (409, "applied_already")


async def test_delivery_is_for_the_city_and_for_orders_large_enough(shop: Shop) -> None:
    member, stranger = await gold(shop), await gold(shop)
    await shop.buy(member, 99.99)
    await shop.buy(member, 150)
    await shop.refund("o3", "r", 6_000)
    assert stranger
    refused: list[tuple[dict[str, Any], tuple[int, str, str]]] = [
        ({"area": "110100", "order_no": "o0"}, (422, "outside_area", "/area")),
        ({"area": None, "order_no": "o0"}, (422, "outside_area", "/area")),
        ({}, (422, "no_order", "/order_no")),
        ({"order_no": "o1"}, (422, "unknown_order", "/order_no")),
        ({"order_no": "never"}, (422, "unknown_order", "/order_no")),
        ({"order_no": "o2"}, (422, "order_too_small", "/order_no")),
        ({"order_no": "o3"}, (422, "order_too_small", "/order_no")),
        ({"benefit_id": "priority_checkout"}, (422, "not_applied_for", "/benefit_id")),
        ({"area": "Shanghai"}, (422, "invalid_body", "/area")),
        ({"note": "ring at Wang's"}, (422, "invalid_body", "/note")),
    ]
    for wrong, expected in refused:
        assert problem(await apply(shop, member, **wrong)) == expected
    answer = await apply(shop, member, order_no="o0", note="leave_at_door")
    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert (found["status"], found["overdue"]) == ("applied", False)
    assert found["due_at"] == "2017-03-16T04:00:00Z"


async def test_an_application_from_apply_to_fulfil_or_refuse(shop: Shop) -> None:
    member = await gold(shop)
    first = (await apply(shop, member, order_no="o0")).json()
    assert problem(await handle(shop, first, "fulfil"))[:2] == (409, "wrong_status")
    assert (await handle(shop, first, "refuse")).json()["reason"] == "not_available"
    assert (await has(shop, member, "free_delivery"))["used"] == 0
    second = (await apply(shop, member, order_no="o0")).json()  # a refused one does not count
    assert (await handle(shop, second, "accept")).json()["status"] == "accepted"
    assert problem(await handle(shop, second, "accept"))[:2] == (409, "wrong_status")
    assert (await handle(shop, second, "fulfil")).json()["status"] == "fulfilled"
    assert problem(await handle(shop, second, "refuse"))[:2] == (409, "wrong_status")
    assert (await has(shop, member, "free_delivery"))["used"] == 1
    nobody = {"application_id": str(uuid4())}
    assert problem(await handle(shop, nobody, "accept"))[:2] == (404, "unknown_application")
    told = [e["status"] for e in await shop.events("points.benefit_applied.v1")]
    assert told == ["applied", "refused", "applied", "accepted", "fulfilled"]


async def test_one_order_is_delivered_once_whoever_asks_at_once(shop: Shop) -> None:
    member = await gold(shop)
    answers = await together(apply(shop, member, order_no="o0") for _ in range(16))
    statuses = sorted(answer.status_code for answer in answers)
    assert statuses == [200] + [409] * 15


async def test_overdue_applications_are_seen_and_told_once(shop: Shop) -> None:
    await shop.tick()
    member = await gold(shop)
    await shop.buy(member, 100)
    late = (await apply(shop, member, order_no="o0")).json()
    shop.move(NOON + timedelta(hours=1))
    await apply(shop, member, order_no="o1")
    shop.move(NOON + timedelta(hours=24, seconds=1))
    await shop.tick()
    await shop.tick()
    found = (await shop.get("/v1/benefit-applications?status=overdue"))["data"]
    assert [each["application_id"] for each in found] == [late["application_id"]]
    assert found[0]["overdue"] and found[0]["status"] == "applied"
    told = [e for e in await shop.events("points.benefit_applied.v1") if e["status"] == "overdue"]
    assert [(e["application_id"], e["changed_at"]) for e in told] == [
        (late["application_id"], "2017-03-16T04:00:00Z")
    ]
    await handle(shop, late, "accept")
    assert (await handle(shop, late, "fulfil")).json()["overdue"]  # late is late
    assert (await shop.get("/v1/benefit-applications?status=overdue"))["data"] == []
    page = await shop.get("/v1/benefit-applications?limit=1")
    rest = await shop.get(f"/v1/benefit-applications?limit=1&cursor={page['next_cursor']}")
    assert [each["order_no"] for each in page["data"] + rest["data"]] == ["o0", "o1"]
    assert rest["next_cursor"] is None
    wrong = await shop.client.get("/v1/benefit-applications?status=lost")
    assert problem(wrong) == (422, "unknown_status", "#query/status")


async def coupons(shop: Shop, member: UUID) -> list[dict[str, Any]]:
    return list((await shop.get(f"/v1/members/{member}/coupons"))["data"])


async def test_a_diamond_has_a_coupon_for_each_referral(shop: Shop) -> None:
    diamond, other = uuid4(), uuid4()
    for member in (diamond, other):
        await shop.buy(member, 3100)
    async with shop.running.db.transaction() as tx:
        await tx.execute("UPDATE member SET tier = 'diamond' WHERE member_id = $1", diamond)
    brought = [ReferralRewarded(who, uuid4(), NOON) for who in (diamond, diamond, other)]
    for events in (brought, brought[:1]):
        async with shop.running.db.transaction() as tx:
            await on_referral(Programme()).handler(tx, events)
    found = await coupons(shop, diamond)
    assert [coupon["off"]["amount"] for coupon in found] == [2000, 2000]
    assert await coupons(shop, other) == []


async def test_referrals_are_heard_over_the_bus(shop: Shop) -> None:
    diamond = uuid4()
    await shop.buy(diamond, 3100)
    async with shop.running.db.transaction() as tx:
        await tx.execute("UPDATE member SET tier = 'diamond'")
        tx.publish(ReferralRewarded(diamond, uuid4(), NOON))

    async def given() -> bool:
        return len(await coupons(shop, diamond)) == 1

    await eventually(given)
