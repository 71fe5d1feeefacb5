"""Whatever there is only so much of: how to ask for it 64 times at once, and how much there is."""

from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import httpx
from services.points.tests import coupons
from services.points.tests.conftest import Shop
from services.points.tests.coupons import members
from services.points.tests.rules import body as rule
from services.points.tests.rules import post as add_rule
from services.points.tests.test_coupons_pools import codes_of, pool_of
from services.points.tests.test_paid_memberships import PLAN
from services.points.tests.test_partners import BOTH_WAYS, exchange
from services.points.tests.test_partners import add as add_partner
from services.points.tests.test_rewards import exchange as take
from services.points.tests.test_rewards import offer
from services.points.tests.test_stored_value import opened, spend, top_up

CALLERS = 64

Call = Callable[[int], Awaitable[httpx.Response]]


@dataclass(frozen=True)
class Scarce:
    """`call(n)` asks for some of it; what answers gave adds up to `most`, never to more."""

    call: Call
    most: int
    gave: Callable[[dict[str, Any]], int] = lambda _: 1


Prepare = Callable[[Shop], Coroutine[Any, Any, Scarce]]


def _points(answer: dict[str, Any]) -> int:
    return int(answer["points"])


async def _rich(shop: Shop, points: int = 30_000) -> UUID:
    member = uuid4()
    await shop.buy(member, points)
    return member


async def points(shop: Shop) -> Scarce:
    """Of a member, spent."""
    member = await _rich(shop, 1000)
    return Scarce(lambda n: shop.redeem(member, 100), 10)


async def held_points(shop: Shop) -> Scarce:
    """Of a member, set aside or spent."""
    member = await _rich(shop, 1000)
    path = f"/v1/members/{member}/points/holds"

    def call(n: int) -> Awaitable[httpx.Response]:
        body = {"points": 100, "reason": "x"}
        return shop.redeem(member, 100) if n % 2 else shop.client.post(path, json=body)

    return Scarce(call, 10)


async def given(shop: Shop) -> Scarce:
    """Points a member may give in a day."""
    member, others = await _rich(shop), await members(shop, CALLERS)
    path = f"/v1/members/{member}/transfers"
    return Scarce(
        lambda n: shop.client.post(path, json={"to_member_id": str(others[n]), "points": 1000}), 20
    )


async def received(shop: Shop) -> Scarce:
    """Points a member may be given in a day."""
    (one,), others = await members(shop, 1), await members(shop, CALLERS)
    await shop.batch([shop.order(other, 1000) for other in others])
    body = {"to_member_id": str(one), "points": 1000}
    return Scarce(lambda n: shop.client.post(f"/v1/members/{others[n]}/transfers", json=body), 20)


async def order_fen(shop: Shop) -> Scarce:
    """What was paid for an order, given back."""
    bought = shop.order(uuid4(), 100)
    await shop.batch([bought])
    return Scarce(lambda n: shop.refund(bought["order_no"], f"r{n}", 1000), 10)


async def coupon_budget(shop: Shop) -> Scarce:
    """Of a template, in coupons of 5 yuan."""
    template, some = await coupons.template(shop, budget={"amount": 5499}), await members(shop, 64)
    return Scarce(lambda n: coupons.give(shop, template, some[n]), 10)


async def coupon_total(shop: Shop) -> Scarce:
    """Coupons of a template."""
    template, some = await coupons.template(shop, total_limit=7), await members(shop, 64)
    return Scarce(lambda n: coupons.give(shop, template, some[n]), 7)


async def coupon_per_member(shop: Shop) -> Scarce:
    """Coupons of a template for a member."""
    template, (one,) = await coupons.template(shop, per_member_limit=3), await members(shop, 1)
    return Scarce(lambda n: coupons.give(shop, template, one, ref=f"r{n}"), 3)


async def coupon_code(shop: Shop) -> Scarce:
    """A code of a pool, for whoever claims it."""
    template, some = await coupons.template(shop), await members(shop, CALLERS)
    [code] = await codes_of(shop, template, await pool_of(shop, template, 1))
    path = f"/v1/coupons/{code}/claim"
    return Scarce(lambda n: shop.client.post(path, json={"member_id": str(some[n])}), 1)


async def coupon_use(shop: Shop) -> Scarce:
    """A coupon, for one order."""
    template, (one,) = await coupons.template(shop), await members(shop, 1)
    [coupon] = await coupons.issue(shop, template, one)
    return Scarce(
        lambda n: coupons.redeem(shop, coupon["code"], one, f"o{n}", order_amount=1000), 1
    )


async def rule_budget(shop: Shop) -> Scarce:
    """Points of an earning rule in all; the last one gets what is left."""
    await add_rule(shop, rule("gift", "fixed", 30, limits={"budget": 1000}))
    orders = [shop.order(uuid4(), 0) for _ in range(CALLERS)]
    return Scarce(lambda n: shop.client.post("/v1/orders", json=orders[n]), 1000, _points)


async def rule_per_day(shop: Shop) -> Scarce:
    """Points of an earning rule for a member in a day."""
    await add_rule(shop, rule("gift", "fixed", 30, limits={"per_day": 100}))
    member = uuid4()
    orders = [shop.order(member, 0) for _ in range(CALLERS)]
    return Scarce(lambda n: shop.client.post("/v1/orders", json=orders[n]), 100, _points)


async def rule_per_member(shop: Shop) -> Scarce:
    """Points of an earning rule for a member in all."""
    await add_rule(shop, rule("gift", "fixed", 30, limits={"per_member": 45}))
    member = uuid4()
    orders = [shop.order(member, 0) for _ in range(CALLERS)]
    return Scarce(lambda n: shop.client.post("/v1/orders", json=orders[n]), 45, _points)


async def reward_stock(shop: Shop) -> Scarce:
    """Pieces of a reward."""
    await offer(shop, stock=5)
    some = [uuid4() for _ in range(CALLERS)]
    await shop.batch([shop.order(member, 100) for member in some])
    return Scarce(lambda n: take(shop, some[n]), 5)


async def reward_per_member(shop: Shop) -> Scarce:
    """Pieces of a reward for a member."""
    await offer(shop, member_limit=3)
    member = await _rich(shop)
    return Scarce(lambda n: take(shop, member), 3)


async def benefit_quota(shop: Shop) -> Scarce:
    """Uses of a benefit in a period."""
    member = uuid4()
    await shop.buy(member, 1600, channel="app")
    path = f"/v1/members/{member}/benefits/parking/uses"
    return Scarce(lambda n: shop.client.post(path, json={"channel": "pos"}), 2)


async def stored_value(shop: Shop) -> Scarce:
    """Fen of an account, by sevens."""
    account = await opened(shop, uuid4())
    await top_up(shop, account, 10_000)
    return Scarce(lambda n: spend(shop, account, 700), 14)


async def partner_member_day(shop: Shop) -> Scarce:
    """Points a member may exchange with a partner in a day."""
    await add_partner(shop, outward=BOTH_WAYS | {"limits": {"member_day": 500}})
    member = await _rich(shop)
    return Scarce(lambda n: exchange(shop, member, "out", points=100), 5)


async def partner_total_month(shop: Shop) -> Scarce:
    """Points a partner takes in a month."""
    await add_partner(shop, outward=BOTH_WAYS | {"limits": {"total_month": 1000}})
    some = [uuid4() for _ in range(CALLERS)]
    await shop.batch([shop.order(member, 100) for member in some])
    return Scarce(lambda n: exchange(shop, some[n], "out", points=100), 10)


async def paid_membership(shop: Shop) -> Scarce:
    """A plan, bought by a member once."""
    await shop.client.put("/v1/membership-plans/plus", json=PLAN)
    (one,) = await members(shop, 1)
    body = {"member_id": str(one), "plan_id": "plus", "tender": "wechat"}
    return Scarce(lambda n: shop.client.post("/v1/memberships/paid", json=body), 1)


SCARCE: tuple[Prepare, ...] = (
    points, held_points, given, received, order_fen,
    coupon_budget, coupon_total, coupon_per_member, coupon_code, coupon_use,
    rule_budget, rule_per_day, rule_per_member,
    reward_stock, reward_per_member, benefit_quota, stored_value,
    partner_member_day, partner_total_month, paid_membership,
)  # fmt: skip
