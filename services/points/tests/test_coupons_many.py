"""Limits and budgets with 64 callers at once; `check` prints how many rules are broken."""

from collections import Counter
from collections.abc import Awaitable, Sequence
from typing import Any
from uuid import UUID

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

from chassis.principal import Principal
from chassis.problem import Problem
from contracts.points import coupons as api
from contracts.roles import Role
from points_service.coupons.asks import Ask, Claim, Redeem, answer
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


async def test_claims_and_uses_in_one_transaction_come_to_the_same_as_one_by_one(
    shop: Shop,
) -> None:
    """The same calls of two templates with limits and codes, by themselves and all together."""
    told = []
    for size in (1, 200):
        ids = await members(shop, 3)
        template_id = await template(shop, per_member_limit=3, budget={"amount": 4000})
        found = await codes_of(shop, template_id, await pool_of(shop, template_id, 8))
        till, one = Principal(Role.POS, "till"), Principal(Role.MEMBER, "m", ids[0])
        asks: list[Ask] = [Claim(one, found[0], ids[1]), Claim(till, found[0], None)]
        for n in range(24):
            code, member = found[n % 8], ids[(n * n) % 3]
            body = api.CouponRedemptionRequest(order_no=f"{size}/{n}", member_id=member)
            asks += [Claim(till, code, member), Redeem(code, body), Redeem(code, body)]
        asks += [Claim(one, found[0], None), Claim(till, "nothing", ids[0])]
        asks += [Claim(till, found[1], UUID(int=1))]
        told.append(
            [
                each
                for n in range(0, len(asks), size)
                for each in await _fates(shop, asks[n:][:size])
            ]
        )
        await check(shop)
    assert told[0] == told[1]
    assert {"redeemed", "unknown_coupon", "unknown_member", "missing", "foreign_member"} <= set(
        told[0]
    )
    assert {"member_limit", "coupon_redeemed"} & set(told[0])


async def _fates(shop: Shop, asks: Sequence[Ask]) -> list[str]:
    """What became of calls in one transaction."""
    async with shop.running.db.transaction() as tx:
        answers = await answer(tx, asks)
    return [each.code if isinstance(each, Problem) else each.status for each in answers]
