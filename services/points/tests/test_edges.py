"""The service as a whole: the bus, settings, and the operation table."""

from uuid import uuid4

import msgspec
from services.points.tests.conftest import NOON, Shop

from contracts.base import Event
from contracts.events import (
    CouponOffered,
    MemberRegistered,
    MembersMerged,
    Product,
    ProductsChanged,
    Store,
    StoresChanged,
)
from contracts.points import OPERATIONS
from testkit import eventually


async def tell(shop: Shop, event: Event) -> None:
    """As another service would."""
    bus = shop.running.app.state.runtime.bus
    await bus.publish(event.subject, str(uuid4()), msgspec.json.encode(event))


async def test_it_listens_to_the_others(shop: Shop) -> None:
    one, other = uuid4(), uuid4()
    await tell(shop, ProductsChanged([Product("tea")]))
    await tell(shop, StoresChanged([Store("s9")]))
    await tell(shop, MemberRegistered(one, NOON))
    await tell(shop, MemberRegistered(other, NOON))
    await tell(shop, CouponOffered(uuid4(), "TEA", other, uuid4(), 20, NOON, NOON.replace(day=20)))
    await tell(shop, MembersMerged(uuid4(), one, other, NOON, "phone:x"))

    async def asked() -> str:
        answer = await shop.client.get(f"/v1/members/{other}/points")
        return str(answer.json().get("member_id"))

    async def merged() -> bool:
        return await asked() == str(one)

    await eventually(merged)
    tea = {"sku": "tea", "quantity": 1, "amount": {"amount": 500}}
    answer = await shop.buy(other, 5, store="s9", items=[tea], coupons=["TEA"])
    assert (answer["member_id"], answer["coupons_used"]) == (str(one), ["TEA"])


async def test_every_operation_is_served(shop: Shop) -> None:
    for operation in OPERATIONS:
        path = operation.path.replace("{member_id}", str(uuid4()))
        path = path.replace("{order_no}", "x").replace("{ladder_id}", "A")
        answer = await shop.client.request(operation.method, path, json={})
        assert answer.json().get("code") not in {"not_found", "method_not_allowed"}, path
        assert answer.status_code < 500, path


async def test_a_ladder_can_be_read(shop: Shop) -> None:
    ladder = await shop.get("/v1/tier-ladders/A")
    assert [(tier["name"], tier["points_percent"]) for tier in ladder["tiers"]] == [
        ("regular", 100), ("silver", 120), ("gold", 150), ("diamond", 200),
    ]  # fmt: skip
    assert ladder["tiers"][2]["conditions"] == [
        {"kind": "growth", "at_least": 1500, "months": 0},
        {"kind": "month_spend", "at_least": 20000, "months": 0},
    ]
    assert (await shop.client.get("/v1/tier-ladders/Z")).status_code == 404
