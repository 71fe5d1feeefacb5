"""Issue, claim, redeem, roll back, expire: one coupon after another."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from services.points.tests.conftest import NOON, Shop
from services.points.tests.coupons import (
    BIRTHDAY,
    FIRST_ORDER,
    MERCHANTS,
    balance,
    check,
    give,
    give_back,
    issue,
    members,
    percent,
    redeem,
    template,
    terms,
)

from chassis.clock import local_date, midnight
from chassis.problem import Problem
from contracts.roles import Role
from points_service.coupons import use_cases
from points_service.coupons.issuing import Grant
from points_service.coupons.jobs import close_due


async def test_a_grant_told_again_is_the_same_coupon(shop: Shop) -> None:
    one, other = await members(shop, 2)
    grants = [Grant(one, f"x/{one}"), Grant(other, f"x/{other}"), Grant(one, f"x/{one}")]
    async with shop.running.db.transaction() as tx:
        first = await use_cases.issue(tx, BIRTHDAY, grants)
    async with shop.running.db.transaction() as tx:
        assert await use_cases.issue(tx, BIRTHDAY, grants) == first
    assert [coupon.member_id for coupon in first] == [one, other, one] and first[0] == first[2]
    [told] = await shop.events("points.coupons_issued.v1")
    assert [row[2] for row in told["coupons"]] == [str(one), str(other)]
    [held] = (await shop.get(f"/v1/members/{one}/coupons"))["data"]
    assert held["names"] == {"zh": "生日立减 5 元", "en": "Birthday: 5 yuan off"}
    assert (held["status"], held["valid_until"]) == ("claimed", "2017-03-22T04:00:00Z")
    await check(shop)


async def test_a_member_gets_no_more_than_allowed(shop: Shop) -> None:
    one, other = await members(shop, 2)
    await issue(shop, str(FIRST_ORDER), one)
    answer = await give(shop, str(FIRST_ORDER), other, one)
    assert (answer.status_code, answer.json()["code"]) == (409, "member_limit")
    assert answer.json()["errors"][0]["pointer"] == "/member_ids/1"
    assert (await shop.get(f"/v1/members/{other}/coupons"))["data"] == []
    with pytest.raises(Problem, match="unknown_member"):
        async with shop.running.db.transaction() as tx:
            await use_cases.issue(tx, FIRST_ORDER, [Grant(uuid4(), "x")])


async def test_redeemed_once_and_paid_by_the_merchants(shop: Shop) -> None:
    (member,) = await members(shop, 1)
    template_id = await template(shop, budget={"amount": 1999}, cost_shares=MERCHANTS)
    assert await balance(shop, "budget", template_id) == 1999
    [coupon] = await issue(shop, template_id, member)
    dry = await shop.client.post(
        f"/v1/coupons/{coupon['code']}/redeem?dry_run=true",
        json={"order_no": "o", "member_id": str(member), "order_amount": {"amount": 333}},
    )
    assert dry.json()["discount"]["amount"] == 333
    assert await balance(shop, "budget", template_id) == 1999
    used = await redeem(shop, coupon["code"], member, order_amount=333)
    assert used.json() == dry.json()
    assert (await redeem(shop, coupon["code"], member)).json() == used.json()
    assert (await redeem(shop, coupon["code"], member, "p")).json()["code"] == "coupon_redeemed"
    owners = [("budget", template_id), ("discount", "s1"), ("discount", "s2")]
    assert [await balance(shop, *owner) for owner in owners] == [1666, 233, 100]
    await check(shop)
    again = await give_back(shop, coupon["code"])
    assert (again.json()["status"], again.json()["discount"]) == ("claimed", None)
    assert (await give_back(shop, coupon["code"])).json() == again.json()
    assert (await give_back(shop, coupon["code"], "p")).status_code == 409
    assert [await balance(shop, *owner) for owner in owners] == [1999, 0, 0]
    [event] = await shop.events("points.coupon_rolled_back.v1")
    assert (event["code"], event["order_no"], event["restored"]) == (coupon["code"], "o", True)
    assert (await redeem(shop, coupon["code"], member, "p")).status_code == 200
    await check(shop)


async def test_past_its_date_it_stays_gone(shop: Shop) -> None:
    (member,) = await members(shop, 1)
    template_id = await template(shop, budget={"amount": 1000})
    used, unused = (await issue(shop, template_id, member, ref="a")) + (
        await issue(shop, template_id, member, ref="b")
    )
    assert (await give(shop, template_id, member)).json()["code"] == "budget_exhausted"
    await redeem(shop, used["code"], member)
    shop.move(NOON + timedelta(days=8))
    assert (await redeem(shop, unused["code"], member)).json()["code"] == "coupon_not_valid"
    await close_due(shop.running.db, midnight(local_date(NOON + timedelta(days=8))))
    await check(shop)
    assert (await give_back(shop, used["code"])).json()["status"] == "expired"
    shop.move(NOON)  # a clock set back revives nothing
    assert (await redeem(shop, unused["code"], member)).json()["status"] == "redeemed"
    shop.move(NOON + timedelta(days=8))
    await issue(shop, template_id, member)
    funnel = await shop.get(f"/v1/coupon-templates/{template_id}/funnel")
    assert {name: funnel[name] for name in ("issued", "claimed", "redeemed", "expired")} == {
        "issued": 3, "claimed": 3, "redeemed": 1, "expired": 1,
    }  # fmt: skip
    assert (funnel["rolled_back"], funnel["discount"]["amount"]) == (1, 500)
    assert (await shop.get("/v1/coupon-funnel"))["total"]["issued"] == 3
    await check(shop)


AMOUNTS: list[tuple[dict[str, Any], dict[str, Any], int | str]] = [
    (terms(), {}, 500),
    (terms(), {"amount": 501}, "too_much"),
    (terms(threshold={"amount": 2000}), {}, "missing"),
    (terms(threshold={"amount": 2000}), {"order_amount": 1999}, "below_threshold"),
    (terms(threshold={"amount": 2000}), {"order_amount": 2000}, 500),
    (percent(20), {"amount": 5}, "missing"),
    (percent(20), {"order_amount": 999}, 199),
    (percent(20), {"order_amount": 999, "amount": 200}, "too_much"),
    (percent(20, max_off={"amount": 100}), {"order_amount": 999}, 100),
    (terms(effect="gift", off=None, gift={"sku": "milk"}), {}, "missing"),
    (terms(effect="gift", off=None, gift={"sku": "milk"}), {"amount": 700}, 700),
    (terms(effect="free_delivery", off=None), {"amount": 800}, 800),
    (terms(effect="free_delivery"), {"amount": 501}, "too_much"),
    (terms(scope={"stores": ["s1"]}), {"store": "s2"}, "wrong_place"),
    (terms(scope={"stores": ["s1"]}), {"store": "s1"}, 500),
    (terms(scope={"channels": ["app"]}), {}, "wrong_place"),
]


async def test_what_a_coupon_takes_off_without_a_cart(shop: Shop) -> None:
    (member,) = await members(shop, 1)
    for number, (body, given, expected) in enumerate(AMOUNTS):
        [coupon] = await issue(shop, await template(shop, **body), member)
        answer = await redeem(shop, coupon["code"], member, f"o{number}", **given)
        found = answer.json()
        assert expected == (found.get("code") if "errors" in found else found["discount"]["amount"])
    await check(shop)


async def test_nobody_learns_which_codes_exist(shop: Shop) -> None:
    one, other = await members(shop, 2)
    [coupon] = await issue(shop, str(BIRTHDAY), one)
    answers = [
        await redeem(shop, coupon["code"], other),
        await redeem(shop, "NOPE", other),
        await shop.client.post("/v1/coupons/NOPE/claim", json={"member_id": str(other)}),
        await shop.client.post(
            f"/v1/coupons/{coupon['code']}/claim",
            json={},
            headers=shop.running.headers(Role.MEMBER, member_id=other),
        ),
        await shop.client.get("/v1/coupons/NOPE"),
    ]
    assert {answer.status_code for answer in answers} == {404}
    bodies = [answer.json() | {"trace_id": ""} for answer in answers]
    assert all(body == bodies[0] for body in bodies)
    typed = f" {coupon['code'].lower()[:5]}-{coupon['code'].lower()[5:]} ".replace("0", "o")
    assert (await shop.get(f"/v1/coupons/{typed}"))["coupon_id"] == coupon["coupon_id"]


async def test_members_take_what_is_claimable(shop: Shop) -> None:
    one, other = await members(shop, 2)
    own = shop.running.headers(Role.MEMBER, member_id=one)
    template_id = await template(shop, claimable=True, per_member_limit=2, total_limit=3)

    async def take(wanted: str, query: str = "") -> str:
        answer = await shop.client.post(
            f"/v1/members/{one}/coupons{query}", json={"template_id": wanted}, headers=own
        )
        return str(answer.json().get("status", answer.status_code))

    assert await take(str(BIRTHDAY)) == "404"
    assert await take(template_id, "?dry_run=true") == "claimed"
    assert [await take(template_id) for _ in range(3)] == ["claimed", "claimed", "409"]
    assert (await give(shop, template_id, other, other)).status_code == 200
    assert (await give(shop, template_id, other)).json()["code"] == "coupons_exhausted"
    await check(shop)


async def test_an_order_whose_coupon_was_redeemed_ahead(shop: Shop) -> None:
    (member,) = await members(shop, 1)
    [coupon] = await issue(shop, str(BIRTHDAY), member)
    order = shop.order(member, 12, paid={"amount": 700}, coupons=[coupon["code"]])
    await redeem(shop, coupon["code"], member, order["order_no"])
    answer = await shop.client.post("/v1/orders", json=order)
    assert answer.json()["coupons_used"] == [coupon["code"]]
    await check(shop)
    assert (await shop.refund(order["order_no"], "r")).status_code == 200
    assert (await shop.get(f"/v1/coupons/{coupon['code']}"))["status"] == "claimed"
    await check(shop)
