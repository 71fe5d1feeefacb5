"""Webhooks: who registers what, what is told to whom, and that it arrives."""

import base64
import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
import pytest_asyncio
from services.gateway.tests.conftest import Gateway
from services.gateway.tests.receivers import ALL, Caller, Receiver, operator, receiver, verified
from services.gateway.tests.test_egress import tell

from chassis.clock import DrivenClock
from contracts.base import Event
from contracts.events import OrderRefunded, OrdersRecorded, PointsBurnt, RecordedOrder
from contracts.points_events import SettlementClosed
from contracts.roles import Role
from gateway_service.webhooks.domain import Due, headers, pause, signature
from testkit import eventually

__all__ = ["receiver"]
Start = Callable[..., Awaitable[Gateway]]
MEMBER = UUID(int=11)
NOW = datetime(2026, 1, 5, 10, tzinfo=UTC)


@pytest_asyncio.fixture(loop_scope="session")
async def gateway(start_gateway: Start) -> Gateway:
    return await start_gateway(WEBHOOK_LOOPBACK="true", WEBHOOK_SECONDS="2")


async def partner(gateway: Gateway, store: str | None) -> Caller:
    """A new one, with a store of its own."""
    name = f"partner-{uuid4().hex[:8]}"
    wish = {"client_id": name, "role": "partner", "store": store}
    admitted = await gateway.http.post(
        "/v1/clients", json=wish, headers=await gateway.as_(Role.ADMIN)
    )
    assert admitted.status_code == 201, admitted.text
    answer = await gateway.http.post(
        "/oauth2/token", data={"grant_type": "client_credentials"},
        auth=(name, admitted.json()["client_secret"]),
    )  # fmt: skip
    return Caller(gateway, {"Authorization": f"Bearer {answer.json()['access_token']}"})


def happened(store: str, member: UUID = MEMBER) -> list[Event]:
    """Something of each kind."""
    order = RecordedOrder("o-1", member, store, "pos", NOW, 5_000, 50, 50, [], ["C-1"])
    return [
        OrdersRecorded([order]),
        OrderRefunded("o-1", "r-1", member, NOW, 5_000, 50, 50, [], store),
        PointsBurnt(member, 100, NOW, UUID(int=5), store),
        SettlementClosed("2025-12", NOW),
    ]


async def share(gateway: Gateway, member: UUID) -> None:
    body = {"consents": [{"purpose": "third_party_sharing", "granted": True}]}
    answer = await gateway.http.put(
        f"/v1/members/{member}/consents", json=body, headers=await gateway.as_(Role.MEMBER, member)
    )
    assert answer.status_code == 200, answer.text


def test_the_signature_is_that_of_the_standard() -> None:
    """The example of the libraries of Standard Webhooks."""
    message = Due(UUID(int=1), UUID(int=2), 1, b'{"test": 2432232314}', NOW)
    secret = base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    signed = b'msg_p5jXN8AQM9LWM0D4loKWxJek.1614265330.{"test": 2432232314}'
    assert signature(secret, signed) == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    assert len(headers(message, [secret, b"x"], NOW)["webhook-signature"].split(" ")) == 2


def test_pauses_grow_and_differ() -> None:
    ids = [uuid4() for _ in range(50)]
    for attempt, seconds in ((1, 5), (2, 20), (3, 80), (9, 28_800), (90, 28_800)):
        pauses = [pause(each, attempt).total_seconds() for each in ids]
        assert seconds * 0.75 <= min(pauses) < max(pauses) <= seconds * 1.25
        assert len(set(pauses)) == len(ids)


async def test_who_may_register_what(gateway: Gateway, receiver: Receiver) -> None:
    mine, theirs, head = (
        await partner(gateway, "s-1"), await partner(gateway, "s-2"), await operator(gateway),
    )  # fmt: skip
    made = await mine.register(receiver.url)
    path = f"/v1/webhooks/{made['webhook_id']}"
    assert made["secret"].startswith("whsec_") and made["state"] == "active"
    (seen,) = (await mine.ok("GET", "/v1/webhooks"))["data"]
    assert "secret" not in seen and seen["url"] == receiver.url
    assert (await theirs.ok("GET", "/v1/webhooks"))["data"] == []
    assert len((await head.ok("GET", "/v1/webhooks"))["data"]) == 1
    for method, below in (
        ("DELETE", ""), ("POST", "/rotate"), ("POST", "/enable"), ("POST", "/ping"),
        ("GET", "/deliveries"),
    ):  # fmt: skip
        answer = await theirs.call(method, f"{path}{below}")
        assert (answer.status_code, answer.json()["code"]) == (404, "unknown_webhook")
    for url in ("https://10.0.0.1/", "https://user:pw@a.example/", "http://a.example/", "x"):
        answer = await mine.call("POST", "/v1/webhooks", {"url": url, "events": ALL})
        assert answer.status_code == 422, url
        assert answer.json()["errors"][0]["pointer"] == "/url"
    for _ in range(9):
        await mine.register("https://partner.example/")
    crowded = {"url": "https://partner.example/", "events": ALL}
    assert (await mine.call("POST", "/v1/webhooks", crowded)).status_code == 409
    page = await mine.ok("GET", "/v1/webhooks?limit=4")
    following = await mine.ok("GET", f"/v1/webhooks?limit=200&cursor={page['next_cursor']}")
    assert len({each["webhook_id"] for each in page["data"] + following["data"]}) == 10
    await mine.ok("DELETE", path)
    assert (await mine.call("DELETE", path)).status_code == 404
    audit = await gateway.http.get(
        "/v1/audit?action=admission", headers=await gateway.as_(Role.COMPLIANCE)
    )
    done = [
        (each["operation"], each["ticket"])
        for each in audit.json()["data"]
        if "webhooks" in each["operation"] and each["decision"] == "done"
    ]
    assert done[0] == ("DELETE /v1/webhooks/{webhook_id}", made["webhook_id"]) and len(done) == 11


async def test_a_partner_hears_of_its_store_and_of_nobody(
    gateway: Gateway, receiver: Receiver
) -> None:
    mine, theirs = await partner(gateway, "s-1"), await partner(gateway, "s-2")
    storeless, head = await partner(gateway, None), await operator(gateway)
    made = await mine.register(f"{receiver.url}/mine")
    await theirs.register(f"{receiver.url}/theirs", "order.recorded")
    await storeless.register(f"{receiver.url}/storeless", "order.recorded", "points.burnt")
    await head.register(f"{receiver.url}/head", "order.recorded")
    await tell(gateway, *happened("s-1"))
    await receiver.has(6)
    own = [(heads, body) for heads, body in receiver.got if verified(made, heads, body)]
    assert sorted(json.loads(body)["type"] for _, body in own) == sorted(ALL)
    assert len(set(receiver.ids)) == len(receiver.got) == 6, "the sixth is the operator's"
    assert all("member" not in json.loads(body)["data"] for _, body in own), "nobody agreed"
    assert all(len(body) < 4096 for _, body in own)

    receiver.got.clear()
    await share(gateway, MEMBER)
    await tell(gateway, happened("s-1")[0])
    await receiver.has(3)
    told = [json.loads(body) for heads, body in receiver.got if verified(made, heads, body)]
    names = {each["data"]["member"] for each in told}
    others = {each["data"].get("member") for each in receiver.told} - names
    assert len(names) == 1 and len(others) == 1, "each knows the member by another name"
    assert str(MEMBER) not in names | others
    recorded = next(each for each in told if each["type"] == "order.recorded")
    assert recorded["data"] | {"member": None} == {
        "order_no": "o-1", "store_id": "s-1", "points": 50, "member": None,
    }  # fmt: skip


async def test_what_fails_is_tried_again_then_waits_to_be_enabled(
    gateway: Gateway, receiver: Receiver, clock: DrivenClock
) -> None:
    head = await operator(gateway)
    made = await head.register(receiver.url)
    path, begun = f"/v1/webhooks/{made['webhook_id']}", clock.now()
    receiver.status = 500
    sent = await head.ok("POST", f"{path}/ping")
    for tries in range(1, 7):
        await receiver.has(tries)

        async def noted(tries: int = tries) -> Any:
            row = await head.delivery(made)
            return row["attempts"] == tries and row["status"] == 500 and row

        row = await eventually(noted, timeout=10, says="the try is not written down")
        waits = datetime.fromisoformat(row["next_at"]) - clock.now()
        assert waits.total_seconds() <= 8 * 3600 * 1.25
        clock.move(datetime.fromisoformat(row["next_at"]) + timedelta(seconds=1))
        head.heads = await gateway.as_(Role.OPERATOR)
    assert set(receiver.ids) == {sent["webhook_message_id"]}
    clock.move(begun + timedelta(days=5, hours=9))
    head.heads = await gateway.as_(Role.OPERATOR)

    async def over() -> Any:
        row = await head.delivery(made)
        return row["state"] == "given_up"

    await eventually(over, timeout=15, says="it is not given up")
    (hook,) = (await head.ok("GET", "/v1/webhooks"))["data"]
    assert hook["state"] == "disabled" and hook["failing_since"] and hook["disabled_at"]
    receiver.got.clear()
    receiver.status = 204
    await tell(gateway, *happened("s-1")[3:])
    assert (await head.delivery(made))["state"] == "waiting", "what happens meanwhile waits"
    assert receiver.got == []
    await head.ok("POST", f"{path}/enable")
    await receiver.has(2)
    assert sent["webhook_message_id"] in receiver.ids

    async def delivered() -> Any:
        found = (await head.ok("GET", f"{path}/deliveries"))["data"]
        return all(each["state"] == "delivered" for each in found)

    await eventually(delivered, timeout=10, says="it is not delivered")


async def test_rotated_secrets_overlap_and_gone_means_gone(
    gateway: Gateway, receiver: Receiver, clock: DrivenClock
) -> None:
    mine = await partner(gateway, "s-1")
    old = await mine.register(receiver.url)
    path = f"/v1/webhooks/{old['webhook_id']}"
    new = await mine.ok("POST", f"{path}/rotate")
    await mine.ok("POST", f"{path}/ping")
    await receiver.has(1)
    assert verified(old, *receiver.got[0]) and verified(new, *receiver.got[0])
    assert new["secret"] != old["secret"]
    clock.move(clock.now() + timedelta(days=1, minutes=1))
    await tell(gateway, *happened("s-1")[3:])
    await receiver.has(2)
    assert verified(new, *receiver.got[1]) and not verified(old, *receiver.got[1])
    receiver.status = 410
    await tell(gateway, *happened("s-1")[3:])
    head = await operator(gateway)

    async def gone() -> Any:
        return (await head.ok("GET", "/v1/webhooks"))["data"][0]["state"] == "disabled"

    await eventually(gone, timeout=10, says="410 disables")


async def test_a_partner_that_was_put_out_hears_nothing(
    gateway: Gateway, receiver: Receiver
) -> None:
    mine, head = await partner(gateway, "s-1"), await operator(gateway)
    await mine.register(f"{receiver.url}/gone")
    await head.register(f"{receiver.url}/head", "settlement.closed")
    admin = await gateway.as_(Role.ADMIN)
    known = (await gateway.http.get("/v1/clients", headers=admin)).json()["data"]
    (name,) = (one["client_id"] for one in known if one["client_id"].startswith("partner-"))
    gone = await gateway.http.delete(f"/v1/clients/{name}", headers=admin)
    assert gone.status_code == 204
    await tell(gateway, *happened("s-1"))
    await receiver.has(1)
    assert [each["type"] for each in receiver.told] == ["settlement.closed"]
    assert len((await head.ok("GET", "/v1/webhooks"))["data"]) == 1


@pytest.mark.parametrize("dev", ["true", "false"])
async def test_this_machine_is_not_called_unless_configured(start_gateway: Start, dev: str) -> None:
    """Not without the setting, and not outside development with it."""
    loopback = {"WEBHOOK_LOOPBACK": "true"} if dev == "false" else {}
    gateway = await start_gateway(DEV=dev, **loopback)
    outward = gateway.app.app.state.webhooks.outward
    assert outward.loopback is False
