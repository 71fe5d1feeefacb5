"""What a till sends beside orders: who paid goes on as an index, a cart with its member."""

from typing import Any

from services.gateway.tests.conftest import Gateway
from services.gateway.tests.inner import Inner
from services.gateway.tests.test_proxy import MEMBER, card, knows, order

from contracts.roles import Role

CART: dict[str, Any] = {
    "store": "1",
    "channel": "pos",
    "lines": [{"sku": "a", "quantity": 1, "unit": {"amount": 100}}],
}
WALLET = {"kind": "external", "value": "wallet-7"}


async def test_who_paid_goes_on_as_an_index(gateway: Gateway, inner: Inner) -> None:
    headers = await gateway.as_(Role.POS)
    one = order("1", member_id=str(MEMBER), payer=WALLET)
    batch = {"orders": [one, order("2", member_id=str(MEMBER))]}
    inner.replies["POST /v1/orders/batch"] = 200, {"data": []}
    await gateway.http.post("/v1/orders", json=one, headers=headers)
    await gateway.http.post("/v1/orders/batch", json=batch, headers=headers)
    single, many = inner.seen[-2:]
    token = single.json["payer"]["value"]
    assert token.startswith("hyx1.external.")
    assert [each.get("payer") for each in many.json["orders"]] == [single.json["payer"], None]
    assert b"wallet-7" not in b"".join(seen.body for seen in inner.seen)
    bad = one | {"payer": {"kind": "phone", "value": "12"}}
    refused = await gateway.http.post("/v1/orders", json=bad, headers=headers)
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["pointer"] == "/payer/value"


async def test_a_cart_goes_on_with_its_member(gateway: Gateway, inner: Inner) -> None:
    knows(inner, gateway, {"A-1": MEMBER})
    headers = await gateway.as_(Role.POS)
    path = "/v1/pricing/quote"
    answer = await gateway.http.post(path, json=CART | {"identifier": card("A-1")}, headers=headers)
    assert answer.status_code == 200
    assert inner.last.json["member_id"] == str(MEMBER) and "identifier" not in inner.last.json
    unknown = CART | {"identifier": card("B")}
    answer = await gateway.http.post(path, json=unknown, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (404, "unknown_identifier")
    assert b"A-1" not in b"".join(seen.body for seen in inner.seen)


async def test_a_member_cannot_look_others_up_by_a_cart(gateway: Gateway, inner: Inner) -> None:
    headers = await gateway.as_(Role.MEMBER, MEMBER)
    body = CART | {"identifier": card("A-1")}
    answer = await gateway.http.post("/v1/pricing/quote", json=body, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (403, "not_own")
    assert inner.seen == []
