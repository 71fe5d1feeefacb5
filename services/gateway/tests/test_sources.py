"""What a source of events is believed: a key that ships in an app is anybody's."""

from typing import Any

import msgspec
import pytest
from services.gateway.tests.conftest import Gateway
from services.gateway.tests.test_collect import batches, stream, track

from contracts.events import OrdersCollected
from contracts.roles import Role

ORDER = track(
    event="Order Completed",
    properties={
        "order_id": "o-1", "store_id": "1", "total": 3.5, "products": [{"sku": "s", "price": 3.5}],
    },
)  # fmt: skip


async def source(gateway: Gateway, name: str, **more: Any) -> tuple[str, str]:
    headers = await gateway.as_(Role.ADMIN)
    answer = await gateway.http.post("/v1/write-keys", json={"name": name, **more}, headers=headers)
    assert answer.status_code == 201, answer.text
    assert answer.json()["trust"] == more.get("trust", "client")
    return answer.json()["write_key"], ""


@pytest.mark.parametrize("more", [{}, {"trust": "client"}, {"trust": "server"}])
async def test_orders_and_trust_are_for_sources_that_keep_their_key(
    gateway: Gateway, nats_url: str, more: dict[str, str]
) -> None:
    name = f"shop-{more.get('trust')}"  # the same bytes of one source are one message
    key = await source(gateway, name, **more)
    sent = await gateway.http.post("/v1/batch", json={"batch": [ORDER]}, auth=key)
    assert (sent.status_code, sent.json()) == (200, {"success": True})
    trusted = more.get("trust") == "server"
    (batch,) = await batches(nats_url)
    assert (batch.source, batch.trusted) == (name, trusted)
    assert [one.event for one in batch.activities] == ["Order Completed"]
    assert len(await stream(nats_url, OrdersCollected.subject)) == trusted
    assert (b"trusted" in msgspec.json.encode(batch)) is trusted


async def test_what_was_put_aside_is_believed_as_its_source_is_now(
    gateway: Gateway, nats_url: str
) -> None:
    key = await source(gateway, "shop", trust="server")
    bad = {**track(), "userId": None}
    await gateway.http.post("/v1/batch", json={"batch": [bad]}, auth=key)
    await gateway.http.post("/v1/batch", json={"batch": [{**bad, "messageId": "m-2"}]}, auth=key)
    operator = await gateway.as_(Role.OPERATOR)
    first, second = (await gateway.http.get("/v1/quarantine", headers=operator)).json()["data"]
    for item in (first, second):
        again = await gateway.http.post(
            f"/v1/quarantine/{item['id']}/replay", json={"message": track()}, headers=operator
        )
        assert again.status_code == 200
        await source(gateway, "shop")
    assert [batch.trusted for batch in await batches(nats_url)] == [True, False]


async def test_a_trust_that_is_none_is_refused(gateway: Gateway) -> None:
    headers = await gateway.as_(Role.ADMIN)
    wish = {"name": "shop", "trust": "everybody"}
    answer = await gateway.http.post("/v1/write-keys", json=wish, headers=headers)
    assert answer.status_code == 422
    assert [each["pointer"] for each in answer.json()["errors"]] == ["/trust"]
