"""Declared schemas of events, and the rules that hold for everything collected."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from services.gateway.tests.conftest import Gateway
from services.gateway.tests.test_collect import batches, send, track

from contracts.roles import Role
from gateway_service.collect.rules import is_negative, negative_in

ADDED: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "required": ["sku"],
    "properties": {
        "sku": {"type": "string", "pattern": "^s-[0-9]+$"},
        "quantity": {"type": "integer", "minimum": 1},
        "options": {"type": "array", "items": {"type": "object", "required": ["size"]}},
    },
}
Call = Callable[..., Awaitable[Any]]


@pytest.fixture
def call(gateway: Gateway) -> Call:
    """`await call("POST", "/v1/schemas", {...})` as a data operator."""

    async def by(method: str, path: str, json: Any = None) -> Any:
        headers = await gateway.as_(Role.DATA_OPERATOR)
        return await gateway.http.request(method, path, json=json, headers=headers)

    return by


async def test_what_breaks_its_schema_waits_until_the_schema_is_right(
    gateway: Gateway, call: Call, nats_url: str
) -> None:
    wish = {"event": "Product Added", "document": ADDED}
    made = await call("POST", "/v1/schemas", wish)
    assert made.status_code == 201 and made.json()["version"] == 1
    again = await call("POST", "/v1/schemas", wish)
    assert again.status_code == 200 and again.json() == made.json()

    def added(n: int, **properties: Any) -> dict[str, Any]:
        return track(n, event="Product Added", properties=properties)

    ten = {"sku": "s-1", "options": [{"size": 1}, {}]}
    sent = await send(
        gateway, added(1, sku="s-1", quantity=2), added(2, quantity=1), added(3, **ten),
        added(4, sku="x"), track(5, event="Product Viewed", properties={"quantity": 0}),
    )  # fmt: skip
    assert sent.status_code == 200
    (batch,) = await batches(nats_url)
    assert [each.message_id for each in batch.activities] == ["m-1", "m-5"]
    items = (await call("GET", "/v1/quarantine")).json()["data"]
    found = {item["pointer"]: item for item in items}
    assert set(found) == {"/properties/sku", "/properties/options/1/size"} and len(items) == 3
    kinds = {item["reason"].rpartition(": ")[2] for item in items}
    assert kinds == {"required", "pattern"} and "version 1" in items[0]["reason"]

    missing = found["/properties/options/1/size"]
    path = f"/v1/quarantine/{missing['id']}/replay"
    assert (await call("POST", path, {})).status_code == 422
    right = {**ADDED, "properties": {**ADDED["properties"], "options": {"type": "array"}}}
    newer = await call("POST", "/v1/schemas", {**wish, "document": right})
    assert newer.json()["version"] == 2
    assert (await call("POST", path, {})).status_code == 200
    assert (await batches(nats_url))[-1].activities[0].message_id == "m-3"
    listed = (await call("GET", "/v1/schemas?limit=1")).json()
    rest = (await call("GET", f"/v1/schemas?cursor={listed['next_cursor']}")).json()
    assert [each["version"] for each in listed["data"] + rest["data"]] == [2, 1]


async def test_another_gateway_hears_of_it_and_nothing_stays_checked(
    gateway: Gateway, call: Call, nats_url: str
) -> None:
    known = gateway.app.app.state.schemas
    assert (await call("POST", "/v1/schemas", {"event": "E", "document": ADDED})).is_success
    known.counting.clear()  # as a gateway that was not asked
    known._versions = -1
    await known.refresh(gateway.app.db, gateway.app.db.clock.now())
    await send(gateway, track(1, event="E"))
    assert await batches(nats_url) == []
    assert (await call("POST", "/v1/schemas", {"event": "E", "document": {}})).is_success
    await send(gateway, track(2, event="E"))
    assert len(await batches(nats_url)) == 1 and not known.counting


@pytest.mark.parametrize(
    ("document", "pointer"),
    [({"type": "objct"}, "/document/type"), ({"pattern": "(("}, "/document/pattern"),
     ({"$ref": "http://127.0.0.1:9/x"}, "/document"),
     ({"$ref": "file:///etc/passwd"}, "/document"), ({"title": "x" * 70_000}, "/document")],
)  # fmt: skip
async def test_what_is_no_schema(call: Call, document: Any, pointer: str) -> None:
    answer = await call("POST", "/v1/schemas", {"event": "E", "document": document})
    assert answer.status_code == 422 and answer.json()["code"] == "no_schema"
    assert answer.json()["errors"][0]["pointer"].startswith(pointer)


async def test_a_pattern_takes_no_longer_than_its_text(gateway: Gateway, call: Call) -> None:
    slow = {"properties": {"x": {"pattern": "^(a+)+$"}}}
    assert (await call("POST", "/v1/schemas", {"event": "E", "document": slow})).is_success
    sent = await send(gateway, track(1, event="E", properties={"x": "a" * 20_000 + "!"}))
    assert sent.status_code == 200 and sent.elapsed.total_seconds() < 2


async def test_amounts_and_gender(gateway: Gateway, call: Call, nats_url: str) -> None:
    lines = {"products": [{"price": 1}, {"unit_price": "-2.50"}]}
    somebody = {"type": "identify", "userId": "u"}
    await send(
        gateway, track(1, properties={"price": 3, "delta": -1}), track(2, properties={"price": -3}),
        track(3, properties=lines), {**somebody, "traits": {"gender": "女"}},
        {**somebody, "traits": {"gender": "cat"}},
    )  # fmt: skip
    first, second = (await batches(nats_url))[0].activities
    assert first.message_id == "m-1" and second.traits == {"gender": "female"}
    items = (await call("GET", "/v1/quarantine")).json()["data"]
    assert {item["pointer"] for item in items} == {
        "/properties/price", "/properties/products/1/unit_price", "/traits/gender",
    }  # fmt: skip


def test_what_is_negative() -> None:
    assert all(map(is_negative, (-1, -0.01, "-1", " -0.5", "－3")))
    assert not any(map(is_negative, (0, -0.0, "-0", "-", "a-1", "2017-01-01", None, True)))
    assert negative_in({"a": {"b/c": [{"Order-Total": -1}]}}) == "/a/b~1c/0/Order-Total"
