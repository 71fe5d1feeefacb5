"""Limits and budgets with 64 callers at once; `check` prints how many rules are broken."""

from collections import Counter
from collections.abc import Awaitable, Sequence
from typing import Any

import httpx
from services.points.tests.conftest import Shop
from services.points.tests.coupons import (
    BIRTHDAY,
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
)
from services.points.tests.test_coupons_pools import codes_of, pool_of

from testkit import together

CALLERS = 64


async def counted(calls: Sequence[Awaitable[httpx.Response]]) -> Counter[str]:
    """How often each answer came: `200`, or the problem's code."""
    answers = await together(calls)
    return Counter(
        "200" if each.status_code == 200 else str(each.json()["code"]) for each in answers
    )


def codes(answers: Counter[str], *names: str) -> list[int]:
    """How often these came; nothing else did."""
    assert set(answers) <= set(names), answers
    return [answers[name] for name in names]


async def coupons_of(shop: Shop, template_id: str) -> tuple[list[Any], list[str]]:
    """64 members and their coupons."""
    ids = await members(shop, CALLERS)
    return ids, [coupon["code"] for coupon in await issue(shop, template_id, *ids)]


async def test_no_more_is_promised_than_the_budget(shop: Shop) -> None:
    ids = await members(shop, CALLERS)
    template_id = await template(shop, budget={"amount": 5499})
    answers = await counted([give(shop, template_id, member) for member in ids])
    assert codes(answers, "200", "budget_exhausted") == [10, 54]
    await check(shop)


async def test_no_more_is_issued_than_the_limits(shop: Shop) -> None:
    ids = await members(shop, CALLERS)
    template_id = await template(shop, total_limit=7)
    answers = await counted([give(shop, template_id, member) for member in ids])
    assert codes(answers, "200", "coupons_exhausted") == [7, 57]
    template_id = await template(shop, per_member_limit=3, claimable=True)
    path, body = f"/v1/members/{ids[0]}/coupons", {"template_id": template_id}
    answers = await counted([shop.client.post(path, json=body) for _ in range(CALLERS)])
    assert codes(answers, "200", "member_limit") == [3, 61]
    await check(shop)


async def test_no_more_is_taken_off_than_the_budget(shop: Shop) -> None:
    body = percent(10, budget={"amount": 1050}, cost_shares=MERCHANTS)
    template_id = await template(shop, **body)
    ids, found = await coupons_of(shop, template_id)
    answers = await counted(
        [
            redeem(shop, code, member, f"d{n}", order_amount=1000)
            for n, (code, member) in enumerate(zip(found[:32], ids[:32], strict=True))
        ]
        + [
            shop.client.post(
                "/v1/orders", json=shop.order(member, 10, paid={"amount": 900}, coupons=[code])
            )
            for code, member in zip(found[32:], ids[32:], strict=True)
        ]
    )
    assert codes(answers, "200", "budget_exhausted") == [10, 54]
    assert await balance(shop, "budget", template_id) == 50
    assert await balance(shop, "discount", "s2") == 300
    await check(shop)


async def test_a_code_is_claimed_by_one(shop: Shop) -> None:
    ids = await members(shop, CALLERS)
    template_id = await template(shop)
    [code] = await codes_of(shop, template_id, await pool_of(shop, template_id, 1))
    answers = await counted(
        [
            shop.client.post(f"/v1/coupons/{code}/claim", json={"member_id": str(member)})
            for member in ids
        ]
    )
    assert codes(answers, "200", "unknown_coupon") == [1, 63]
    assert len((await shop.events("points.coupons_issued.v1"))[0]["coupons"]) == 1
    await check(shop)


async def test_redeeming_and_rolling_back_race(shop: Shop) -> None:
    (member,) = await members(shop, 1)
    template_id = await template(shop, budget={"amount": 500}, cost_shares=MERCHANTS)
    [coupon] = await issue(shop, template_id, member)
    code = coupon["code"]
    for _ in range(3):
        calls = [
            redeem(shop, code, member, f"o{n % 4}") if n % 2 else give_back(shop, code, f"o{n % 4}")
            for n in range(CALLERS)
        ]
        answers = await counted(calls)
        assert set(answers) <= {"200", "coupon_redeemed", "not_redeemed"}
        await check(shop)


async def test_one_key_redeems_once(shop: Shop) -> None:
    (member,) = await members(shop, 1)
    [coupon] = await issue(shop, str(BIRTHDAY), member)

    async def once(order_no: str) -> httpx.Response:
        body = {"order_no": order_no, "member_id": str(member)}
        return await shop.client.post(
            f"/v1/coupons/{coupon['code']}/redeem", json=body, headers={"Idempotency-Key": "k"}
        )

    answers = await together(once("o") for _ in range(CALLERS))
    assert {answer.status_code for answer in answers} <= {200, 409}
    assert len({answer.text for answer in answers if answer.status_code == 200}) == 1
    assert (await once("p")).json()["code"] == "idempotency_key_reused"
    await check(shop)
