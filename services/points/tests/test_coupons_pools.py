"""Pools of codes: exact, hard to guess, and finished whatever happens."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import pytest
from services.points.tests.conftest import Shop
from services.points.tests.coupons import check, members, redeem, template

from chassis.database import Database
from contracts.points.common import Cny, Words
from contracts.points.coupons import CouponTerms
from points_service.catalogue.use_cases import Catalogue
from points_service.coupons import pools
from points_service.coupons.codes import ALPHABET, LENGTH, is_sound, make, readings
from points_service.coupons.planning import create, order_pool
from testkit import eventually
from testkit.apps import RunningApp


async def pool_of(shop: Shop, template_id: str, count: int, **other: Any) -> str:
    """The id of a pool that is finished."""
    path = f"/v1/coupon-templates/{template_id}"
    answer = await shop.client.post(f"{path}/issue", json={"count": count, **other})
    assert answer.status_code == 200, answer.text
    pool_id = answer.json()["pool"]["pool_id"]

    async def made() -> bool:
        pool = await shop.get(f"{path}/pools/{pool_id}")
        return bool(pool["made"] == count and pool["finished_at"])

    await eventually(made)
    return str(pool_id)


async def codes_of(shop: Shop, template_id: str, pool_id: str) -> list[str]:
    """All codes of a pool, page by page."""
    path = f"/v1/coupon-templates/{template_id}/pools/{pool_id}/codes?limit=200"
    found: list[str] = []
    cursor = ""
    while True:
        page = await shop.get(path + cursor)
        found += page["data"]
        if page["next_cursor"] is None:
            return found
        cursor = f"&cursor={page['next_cursor']}"


async def test_codes_are_claimed_used_and_limited(shop: Shop) -> None:
    one, other = await members(shop, 2)
    template_id = await template(shop, budget={"amount": 2500}, per_member_limit=1)
    path = f"/v1/coupon-templates/{template_id}/issue"
    for count, code in ((6, "budget_exhausted"), (0, "invalid_body")):
        assert (await shop.client.post(path, json={"count": count})).json()["code"] == code
    assert (await shop.client.post(path, json={})).json()["code"] == "either_or"
    pool_id = await pool_of(shop, template_id, 4, prefix="SPRING")
    found = await codes_of(shop, template_id, pool_id)
    assert len(set(found)) == 4 and all(code.startswith("SPRING") for code in found)
    claim = f"/v1/coupons/{found[0]}/claim"
    mine = (await shop.client.post(claim, json={"member_id": str(one)})).json()
    assert (mine["status"], mine["valid_until"]) == ("claimed", "2017-03-22T04:00:00Z")
    assert (await shop.client.post(claim, json={"member_id": str(one)})).json() == mine
    second = await shop.client.post(f"/v1/coupons/{found[1]}/claim", json={"member_id": str(one)})
    assert second.json()["code"] == "member_limit"
    assert (await redeem(shop, found[1], one)).json()["code"] == "member_limit"
    bought = await shop.batch(
        [
            shop.order(other, 12, paid={"amount": 700}, coupons=[found[2]]),
            shop.order(other, 12, paid={"amount": 700}, coupons=[found[3]]),
        ]
    )
    assert [answer["status"] for answer in bought] == [200, 422]
    used = await shop.get(f"/v1/coupons/{found[2]}")
    assert (used["member_id"], used["status"]) == (str(other), "redeemed")
    ended = (await shop.client.post(f"/v1/coupon-templates/{template_id}/end")).json()
    assert ended["status"] == "ended"
    unclaimed = await shop.client.post(
        f"/v1/coupons/{found[3]}/claim", json={"member_id": str(other)}
    )
    assert unclaimed.status_code == 404
    await shop.tick()
    shop.move(shop.clock.now().replace(day=16))
    await shop.tick()
    now = await shop.get(f"/v1/coupon-templates/{template_id}")
    assert now["committed"]["amount"] == 1000
    await check(shop)


async def test_a_pool_survives_a_restart(
    clean: None,
    database_of: Callable[[str], Awaitable[Database]],
    service_app: Callable[..., Awaitable[RunningApp]],
) -> None:
    db = await database_of("points")
    size = 3 * pools.CHUNK - 1
    async with db.transaction() as tx:
        terms = CouponTerms(
            names=Words(zh="券", en="coupon"), effect="cash_off", off=Cny(amount=1), valid_days=1
        )
        made = await create(tx, Catalogue(), terms)
        await order_pool(tx, made.template_id, size, "", dry_run=False)
    async with db.transaction() as tx:
        assert await pools.make_some(tx)
    with pytest.raises(asyncio.CancelledError):  # the process dies with a chunk in its hands
        async with db.transaction() as tx:
            await pools.make_some(tx)
            raise asyncio.CancelledError

    async def count() -> int:
        async with db.transaction(readonly=True) as tx:
            return int(await tx.fetchval("SELECT count(*) FROM coupon"))

    assert await count() == pools.CHUNK
    await service_app("points_service.app")

    async def finished() -> bool:
        async with db.transaction(readonly=True) as tx:
            return await tx.fetchval("SELECT finished_at FROM coupon_pool") is not None

    await eventually(finished)
    assert await count() == size
    async with db.transaction(readonly=True) as tx:
        rows = await tx.fetch("SELECT coupon_id FROM coupon ORDER BY coupon_id")
        pool_id = await tx.fetchval("SELECT pool_id FROM coupon_pool")
    ids = [row["coupon_id"] for row in rows]
    assert ids == [UUID(int=pool_id.int + n) for n in range(1, size + 1)]


def test_codes_show_what_was_typed_wrong() -> None:
    code = make(1)[0]
    assert is_sound(code) and len(code) == LENGTH and set(code) <= set(ALPHABET)
    for place in range(LENGTH):
        for symbol in set(ALPHABET) - {code[place]}:
            assert not is_sound(code[:place] + symbol + code[place + 1 :])
        swapped = code[:place] + code[place : place + 2][::-1] + code[place + 2 :]
        assert swapped == code or not is_sound(swapped)
    typed = f"{code[:4]}-{code[4:]} ".lower().replace("0", "o").replace("1", "l")
    assert code in readings(typed)
    assert readings("nope") == {"nope"}


def test_codes_have_no_pattern() -> None:
    codes = make(20_000)
    assert len(set(codes)) == len(codes)
    for place in range(LENGTH):
        counts = [0] * 32
        for code in codes:
            counts[ALPHABET.index(code[place])] += 1
        expected = len(codes) / 32
        chi = sum((n - expected) ** 2 / expected for n in counts)
        assert chi < 100, place  # 31 degrees of freedom: beyond 100 once in 10^9
