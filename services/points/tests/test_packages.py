"""Joint packages: shares that add up, vouchers used once, refunds in proportion."""

from collections import Counter
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
from hypothesis import given
from hypothesis import strategies as st
from services.points.tests.conftest import NOON, Shop
from services.points.tests.test_merges import merge
from services.points.tests.test_partners import add, settled
from services.points.tests.test_stored_value import register

from contracts.roles import Role
from points_service.packages.domain import shares
from testkit import together

PACKAGE: dict[str, Any] = {
    "package_id": "evening",
    "names": {"zh": "美好夜晚", "en": "A good evening"},
    "points": 1000,
    "fen": 10001,
    "components": [
        {"component_id": name, "partner_id": name, "names": {"zh": name, "en": name}, "weight": w}
        for name, w in (("meal", 3), ("film", 2), ("gym", 2))
    ],
    "valid_from": "2017-01-01T00:00:00+08:00",
}


async def offer(shop: Shop, **other: Any) -> None:
    """A package of three partners."""
    for name in ("meal", "film", "gym"):
        await add(shop, partner_id=name, kind="merchant", clients=[f"test-{name}"])
    answer = await shop.client.put("/v1/packages/evening", json=PACKAGE | other)
    assert answer.status_code == 200, answer.text


async def test_a_package_is_bought_used_and_partly_given_back(shop: Shop, member: UUID) -> None:
    await offer(shop)
    await shop.buy(member, 1200)
    path = f"/v1/members/{member}/packages"
    body = {"package_id": "evening", "tender": "wechat"}
    would = (await shop.client.post(f"{path}?dry_run=true", json=body)).json()
    assert (would["purchase_id"], would["vouchers"]) == (None, [])
    bought = (await shop.client.post(path, json=body)).json()
    vouchers = {each["component_id"]: each for each in bought["vouchers"]}
    assert {n: (v["points"], v["value"]["amount"]) for n, v in vouchers.items()} == {
        "meal": (428, 4286), "film": (286, 2858), "gym": (286, 2857),
    }  # fmt: skip
    assert (await shop.points(member))["redeemable"] == 200

    async def use(component: str, client: str = "admin") -> httpx.Response:
        headers = {}
        if client != "admin":
            headers = shop.running.headers(Role.PARTNER)
        code = vouchers[component]["code"]
        return await shop.client.post(f"/v1/package-vouchers/{code}/redeem", headers=headers)

    assert (await use("meal", "foreign")).json()["code"] == "foreign_partner"
    answers = await together(use("meal") for _ in range(8))
    assert Counter(each.status_code for each in answers) == {200: 1, 409: 7}
    missing = await shop.client.post("/v1/package-vouchers/NONE/redeem")
    assert missing.status_code == 404

    refunds = f"{path}/{bought['purchase_id']}/refunds"
    used = await shop.client.post(refunds, json={"components": ["meal"]})
    assert used.json()["code"] == "nothing_left"
    back = (await shop.client.post(refunds, json={"components": ["gym"]})).json()
    assert (back["points"], back["refunded"]["amount"], back["balance"]) == (286, 2857, 486)
    assert (await use("gym")).json()["code"] == "voucher_refunded"
    shop.move(NOON + timedelta(days=90))
    assert (await use("film")).json()["code"] == "voucher_expired"
    rest = (await shop.client.post(refunds, json={})).json()
    assert (rest["components"], rest["points"], rest["balance"]) == (["film"], 286, 772)
    assert (await shop.client.post(refunds, json={})).status_code == 409
    [shown] = (await shop.get(path))["data"]
    assert {v["component_id"]: v["status"] for v in shown["vouchers"]} == {
        "meal": "redeemed", "film": "refunded", "gym": "refunded",
    }  # fmt: skip
    march = (await settled(shop, "2017-03"))["lines"]
    assert march["meal"] == {"honoured": 428, "net": 428, "net_fen": 428, "sales_fen": 4286}
    stats = await shop.check_books()
    assert (stats["burnt"], stats["outstanding"]) == (428, 772)


async def test_packages_follow_merges_and_need_points(shop: Shop, member: UUID) -> None:
    await offer(shop, fen=0)
    await shop.buy(member, 1000)
    body = {"package_id": "evening"}
    path = f"/v1/members/{member}/packages"
    answers = await together(shop.client.post(path, json=body) for _ in range(8))
    assert Counter(each.status_code for each in answers) == {200: 1, 409: 7}
    [bought] = [each.json() for each in answers if each.status_code == 200]
    one = uuid4()
    await register(shop, one)
    await merge(shop, (one, member))
    refunds = f"/v1/members/{one}/packages/{bought['purchase_id']}/refunds"
    assert (await shop.client.post(refunds, json={})).json()["balance"] == 1000
    for wrong in (
        {"components": [*PACKAGE["components"], PACKAGE["components"][0]]},
        {"points": 0, "fen": 0},
    ):
        answer = await shop.client.put("/v1/packages/evening", json=PACKAGE | wrong)
        assert answer.status_code == 422
    await shop.check_books()


@given(whole_=st.integers(0, 10**9), weights=st.lists(st.integers(1, 10**6), min_size=1))
def test_shares_add_up(whole_: int, weights: list[int]) -> None:
    found = shares(whole_, weights)
    assert sum(found) == whole_
    for share, weight in zip(found, weights, strict=True):
        assert abs(share * sum(weights) - whole_ * weight) < sum(weights)
