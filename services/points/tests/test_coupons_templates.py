"""Templates: wrong ones are refused with pointers, new versions leave old coupons alone."""

import importlib
from datetime import timedelta
from typing import Any
from uuid import uuid4

import asyncpg
import msgspec
import pytest
from services.points.tests.conftest import NOON, Shop
from services.points.tests.coupons import (
    BIRTHDAY,
    balance,
    check,
    give,
    issue,
    members,
    percent,
    redeem,
    template,
    terms,
)
from services.points.tests.test_merges import merge

from contracts.events import CouponPromise
from contracts.roles import Role
from points_service.coupons.domain import Terms
from points_service.coupons.offered import campaign_template
from testkit.stack import Stack

OFF = {"amount": 500}
WRONG = [
    (terms(off=None), ["/off"]),
    (terms(percent=5), ["/percent"]),
    (terms(effect="percent"), ["/percent", "/off"]),
    (terms(effect="gift", off=None), ["/gift"]),
    (terms(effect="gift", off=None, gift={"sku": "moon"}), ["/gift/sku"]),
    (terms(effect="free_delivery", max_off=OFF), ["/max_off"]),
    (terms(effect="lottery"), ["/effect"]),
    (terms(off={"amount": 0}), ["/off/amount"]),
    (terms(off={"amount": 1, "currency": "USD"}), ["/off/currency"]),
    (terms(valid_days=None), ["/valid_until"]),
    (terms(valid_until=NOON.isoformat()), ["/valid_days"]),
    (
        terms(valid_days=None, valid_from=NOON.isoformat(), valid_until=NOON.isoformat()),
        ["/valid_until"],
    ),
    (terms(valid_until="2017-03-20T00:00:00"), ["/valid_until"]),
    (terms(cost_shares=[{"merchant": "s1", "percent": 99}]), ["/cost_shares"]),
    (
        terms(cost_shares=[{"merchant": "s1", "percent": 50}] * 2),
        ["/cost_shares/1/merchant"],
    ),
    (terms(budget={"amount": 499}), ["/budget"]),
    (terms(per_member_limit=3, total_limit=2), ["/per_member_limit"]),
    (terms(claimable=True), ["/per_member_limit"]),
    (terms(scope={"stores": ["s1", "moon"], "skus": ["x"]}), ["/scope/skus/0", "/scope/stores/1"]),
    (terms(names={"en": "only"}), ["/names/zh"]),
    (terms(colour="red"), ["/colour"]),
    (terms(names={"en": "a\0b", "zh": "c"}), ["/names/en"]),
]


@pytest.mark.parametrize(("body", "pointers"), WRONG)
async def test_wrong_terms_are_refused(
    shop: Shop, body: dict[str, Any], pointers: list[str]
) -> None:
    answer = await shop.client.post("/v1/coupon-templates", json=body)
    assert answer.status_code == 422, answer.text
    assert [error["pointer"] for error in answer.json()["errors"]] == pointers


async def test_templates_are_listed_and_read(shop: Shop) -> None:
    body = percent(15, scope={"departments": ["DAIRY"], "skus": ["milk"]}, max_off=OFF)
    one = await template(shop, **body)
    listed: list[dict[str, Any]] = []
    cursor: str | None = ""
    while cursor is not None:
        page = await shop.get(f"/v1/coupon-templates?limit=3{cursor}")
        listed += page["data"]
        cursor = f"&cursor={page['next_cursor']}" if page["next_cursor"] else None
    assert [each["names"]["en"] for each in listed] == [
        "Birthday: 5 yuan off", "Referral: 20 yuan off", "First order: 5 yuan off",
        "50 yuan off from 200", "30 yuan off fresh food from 100", "Referral: 10 yuan off",
        "Birthday: 20 % off", "5 yuan off",
    ]  # fmt: skip
    shown = await shop.get(f"/v1/coupon-templates/{one}")
    assert shown == listed[-1]
    assert (shown["percent"], shown["max_off"]["amount"], shown["off"]) == (15, 500, None)
    assert (shown["scope"]["skus"], shown["status"], shown["version"]) == (["milk"], "active", 1)
    assert (await shop.client.get(f"/v1/coupon-templates/{uuid4()}")).status_code == 404
    key = {"Idempotency-Key": "k"}
    made = [
        await shop.client.post("/v1/coupon-templates", json=terms(), headers=key) for _ in range(2)
    ]
    assert made[0].text == made[1].text


async def test_a_new_version_is_for_new_coupons(shop: Shop) -> None:
    one, other = await members(shop, 2)
    template_id = await template(shop, budget={"amount": 1000}, total_limit=5)
    [old] = await issue(shop, template_id, one)
    path = f"/v1/coupon-templates/{template_id}"

    async def put(**change: Any) -> tuple[int, str]:
        usual = {"budget": {"amount": 1200}, "off": {"amount": 700}, "total_limit": 2}
        body = terms(**usual | change)
        answer = await shop.client.put(path, json=body)
        wrong = answer.json().get("errors", [{}])[0].get("pointer", "")
        return answer.status_code, wrong

    assert await put() == (200, "")
    assert await put(budget=None) == (422, "/budget")
    assert await put(effect="percent", off=None, percent=5) == (422, "/effect")
    assert await balance(shop, "budget", template_id) == 1200
    [new] = await issue(shop, template_id, other)
    assert (await give(shop, template_id, other)).json()["code"] == "coupons_exhausted"
    assert await put(budget={"amount": 1199}) == (409, "/budget")
    assert await put(total_limit=1) == (409, "/total_limit")
    assert (await redeem(shop, old["code"], one, "a")).json()["discount"]["amount"] == 500
    assert (await redeem(shop, new["code"], other, "b")).json()["discount"]["amount"] == 700
    assert await put(budget={"amount": 5000}, total_limit=None) == (200, "")
    shown = await shop.get(f"{path}?version=1")
    assert (shown["off"]["amount"], shown["version"], shown["issued"]) == (500, 1, 2)
    assert (await shop.get(path))["version"] == 3
    assert (await shop.client.get(f"{path}?version=9")).status_code == 404
    await check(shop)
    ended = await shop.client.post(f"{path}/end", json={})
    assert ended.json()["status"] == "ended"
    assert (await give(shop, template_id, one)).json()["code"] == "template_over"
    assert (await shop.client.put(path, json=terms())).json()["code"] == "template_over"


async def test_coupons_of_fixed_dates(shop: Shop) -> None:
    (member,) = await members(shop, 1)
    begins, ends = NOON + timedelta(days=1), NOON + timedelta(days=2)
    dates = {"valid_from": begins.isoformat(), "valid_until": ends.isoformat(), "valid_days": None}
    template_id = await template(shop, **dates)
    [coupon] = await issue(shop, template_id, member)
    assert (await redeem(shop, coupon["code"], member)).json()["code"] == "coupon_not_valid"
    shop.move(begins)
    assert (await redeem(shop, coupon["code"], member)).status_code == 200
    shop.move(ends)
    assert (await shop.get(f"/v1/coupon-templates/{template_id}"))["status"] == "over"
    assert (await give(shop, template_id, member)).json()["code"] == "template_over"


async def test_dry_runs_change_nothing(shop: Shop) -> None:
    (member,) = await members(shop, 1)
    path = f"/v1/coupon-templates/{BIRTHDAY}/issue?dry_run=true"
    would = await shop.client.post(path, json={"member_ids": [str(member)], "ref": "x"})
    assert would.json()["coupons"][0]["status"] == "claimed"
    assert (await shop.client.post(path, json={"count": 5})).json()["pool"]["size"] == 5
    assert (await shop.get(f"/v1/members/{member}/coupons"))["data"] == []
    assert (await shop.get("/v1/coupon-funnel"))["data"] == []
    await check(shop)


async def test_coupons_follow_a_merge(shop: Shop) -> None:
    one, other = await members(shop, 2)
    [coupon] = await issue(shop, str(BIRTHDAY), other, ref="b")
    await merge(shop, (one, other))
    held = (await shop.get(f"/v1/members/{one}/coupons"))["data"]
    assert [each["code"] for each in held] == [coupon["code"]]
    assert (await issue(shop, str(BIRTHDAY), other, ref="b"))[0]["code"] == coupon["code"]
    own = shop.running.headers(Role.MEMBER, member_id=other)
    again = await shop.client.post(f"/v1/coupons/{coupon['code']}/claim", json={}, headers=own)
    assert again.json()["member_id"] == str(one)
    assert (await redeem(shop, coupon["code"], other)).json()["status"] == "redeemed"
    await check(shop)


async def test_coupons_of_before_become_those_of_a_template(stack: Stack) -> None:
    """Migration 0006 over coupons that campaigns had offered."""
    found = importlib.import_module("points_service.migrations.versions.0006_coupons")
    campaign = uuid4()
    owner = await asyncpg.connect(stack.admin_dsn)
    try:
        await owner.execute("CREATE SCHEMA before; SET search_path TO before")
        await owner.execute(
            "CREATE TABLE coupon (code text PRIMARY KEY, coupon_id uuid NOT NULL UNIQUE,"
            " member_id uuid NOT NULL, campaign_id uuid NOT NULL, percent_off int NOT NULL,"
            " valid_from timestamptz NOT NULL, valid_until timestamptz NOT NULL,"
            " order_no text, redeemed_at timestamptz);"
            " CREATE INDEX coupon_member ON coupon (member_id)"
        )
        for code, order_no in (("A", None), ("B", "o")):
            await owner.execute(
                "INSERT INTO coupon VALUES ($1, gen_random_uuid(), gen_random_uuid(), $2, 20,"
                " $3, $3, $4)",
                code, campaign, NOON, order_no,
            )  # fmt: skip
        await owner.execute(found.TEMPLATES + found.OFFERED)
        [row] = await owner.fetch(
            "SELECT issued, definition FROM coupon_template JOIN coupon_terms USING (template_id)"
        )
        terms = msgspec.json.decode(row["definition"], type=Terms)
        promise = CouponPromise("percent", 20, zh="减 20%", en="20 % off")
        assert (row["issued"], terms.template) == (2, campaign_template(campaign, promise))
        uses = await owner.fetch("SELECT uses FROM coupon ORDER BY code")
        assert [each["uses"] for each in uses] == [0, 1]
    finally:
        await owner.execute("DROP SCHEMA IF EXISTS before CASCADE")
        await owner.close()
