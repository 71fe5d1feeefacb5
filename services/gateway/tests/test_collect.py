"""The Segment API on a running gateway, up to the stream."""

import gzip
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import httpx
import msgspec
import nats
import pytest
from services.gateway.tests.conftest import Gateway
from services.gateway.tests.inner import Inner

from contracts.classification import Kind
from contracts.events import ActivityBatch
from contracts.gateway_events import QuarantineChanged
from contracts.roles import Role
from gateway_service.collect.bodies import KINDS
from gateway_service.collect.room import READERS
from gateway_service.collect.sensitive import DROPPED, about_health
from testkit import eventually, together
from testkit.stack import Stack

MEMBER = UUID(int=4)
Start = Callable[..., Awaitable[Gateway]]


async def stream(url: str, subject: str) -> list[bytes]:
    """Everything in ACTIVITY under one subject."""
    connection = await nats.connect(url)
    try:
        jetstream = connection.jetstream()
        state = (await jetstream.stream_info("ACTIVITY")).state
        found = []
        for sequence in range(state.first_seq, state.last_seq + 1):
            message = await jetstream.get_msg("ACTIVITY", sequence)
            if message.subject == subject:
                found.append(message.data or b"")
        return found
    finally:
        await connection.close()


async def batches(url: str) -> list[ActivityBatch]:
    return [
        msgspec.json.decode(data, type=ActivityBatch)
        for data in await stream(url, ActivityBatch.subject)
    ]


def track(n: int = 0, **fields: Any) -> dict[str, Any]:
    return {"type": "track", "messageId": f"m-{n}", "userId": "u", "event": "Viewed", **fields}


async def send(gateway: Gateway, *messages: Any, path: str = "/v1/batch") -> httpx.Response:
    return await gateway.http.post(path, json={"batch": messages}, auth=gateway.write_key)


async def test_a_batch_is_one_message_however_often_it_is_sent(
    gateway: Gateway, nats_url: str
) -> None:
    phone = {"channel": "app", "externalIds": [{"id": "13800138000", "type": "phone"}]}
    for _ in range(3):
        answer = await send(gateway, *(track(n, context=phone) for n in range(50)))
        assert (answer.status_code, answer.json()) == (200, {"success": True})
    (batch,) = await batches(nats_url)
    assert batch.source == "demo" and len(batch.activities) == 50
    assert b"13800138000" not in (await stream(nats_url, ActivityBatch.subject))[0]


@pytest.mark.parametrize(
    ("name", "sensitive"),
    [("diet", True), ("dietaryRestrictions", True), ("Health-Condition", True), ("过敏", True),
     ("style", False), ("dietitian_id", False)],
)  # fmt: skip
def test_what_is_about_health(name: str, sensitive: bool) -> None:
    assert about_health(name) is sensitive


async def test_health_and_diet_are_dropped_without_consent(
    gateway: Gateway, inner: Inner, nats_url: str
) -> None:
    told = {"traits": {"diet": "halal", "style": "organic"}, "userId": str(MEMBER)}
    stranger = {"traits": {"allergies": ["nuts"], "style": "x"}, "userId": "somebody"}
    inner.replies["POST /internal/resolve"] = 200, {"members": {}}
    before = DROPPED.labels("sensitive")._value.get()

    async def traits(*messages: dict[str, Any]) -> list[dict[str, Any]]:
        each = [{"type": "identify", **message} for message in messages]
        assert (await send(gateway, *each)).status_code == 200
        return [one.traits for one in (await batches(nats_url))[-1].activities]

    assert await traits(told, stranger) == [{"style": "organic"}, {"style": "x"}]
    assert DROPPED.labels("sensitive")._value.get() - before == 2
    done = await gateway.http.put(
        f"/v1/members/{MEMBER}/consents",
        json={"consents": [{"purpose": "sensitive", "granted": True}]},
        headers=await gateway.as_(Role.MEMBER, MEMBER),
    )
    assert done.status_code == 200
    again = {**told, "messageId": "again"}
    assert await traits(again, stranger) == [{"diet": "halal", "style": "organic"}, {"style": "x"}]


async def test_each_call_by_its_path_and_packed(gateway: Gateway, nats_url: str) -> None:
    body = msgspec.json.encode(
        {"userId": "u", "event": "E", "previousId": "v", "properties": {"中": "文"}}
    )
    for kind in KINDS:
        answer = await gateway.http.post(
            f"/v1/{kind}",
            content=gzip.compress(body),
            headers={"Content-Encoding": "gzip", "Content-Type": "application/json"},
            auth=gateway.write_key,
        )
        assert answer.status_code == 200
    types = [batch.activities[0].type for batch in await batches(nats_url)]
    assert types == list(KINDS)


@pytest.mark.parametrize(
    "header", [{}, {"Authorization": "Basic d3Jvbmc6"}, {"Authorization": "x"}]
)
async def test_without_a_write_key(gateway: Gateway, header: dict[str, str]) -> None:
    answer = await gateway.http.post("/v1/batch", json={"batch": [track()]}, headers=header)
    assert answer.status_code == 401 and answer.headers["www-authenticate"] == "Basic"
    assert answer.json()["code"] == "write_key_invalid"


async def test_bad_messages_are_quarantined_visible_and_replayed(
    gateway: Gateway, nats_url: str
) -> None:
    bad = {"type": "track", "messageId": "bad", "event": "E", "properties": {"note": "13800138000"}}
    for _ in range(2):  # a retry is kept once
        assert (await send(gateway, track(1), bad, track(2))).status_code == 200
    (batch,) = await batches(nats_url)
    assert [activity.message_id for activity in batch.activities] == ["m-1", "m-2"]
    operator = await gateway.as_(Role.OPERATOR)
    page = (await gateway.http.get("/v1/quarantine", headers=operator)).json()
    (item,) = page["data"]
    assert item["source"] == "demo" and "userId" in item["reason"]
    assert item["payload"] == "***" and page["next_cursor"] is None
    compliance = await gateway.as_(Role.COMPLIANCE, Purpose="repair", Ticket="T-1")
    (clear,) = (await gateway.http.get("/v1/quarantine", headers=compliance)).json()["data"]
    assert msgspec.json.decode(clear["payload"]) == bad
    async with gateway.app.db.transaction() as tx:
        assert "13800138000" not in str(await tx.fetch("SELECT * FROM quarantine"))

    async def replay(body: dict[str, Any]) -> tuple[int, str | None]:
        answer = await gateway.http.post(
            f"/v1/quarantine/{item['id']}/replay", json=body, headers=operator
        )
        return answer.status_code, answer.json().get("code")

    assert await replay({}) == (422, "still_refused")
    assert await replay({"message": {**bad, "userId": "u"}}) == (200, None)
    assert await replay({}) == (409, "already_replayed")
    _, replayed = await batches(nats_url)
    assert replayed.activities[0].message_id == "bad" and replayed.source == "demo"
    (after,) = (await gateway.http.get("/v1/quarantine", headers=operator)).json()["data"]
    assert after["replayed_at"]
    async with gateway.app.db.transaction() as tx:
        told = await tx.fetch(
            "SELECT payload FROM outbox WHERE subject = $1 ORDER BY id", QuarantineChanged.subject
        )
    aside, taken = (msgspec.json.decode(row["payload"], type=QuarantineChanged) for row in told)
    assert [count.n for count in aside.put_aside] == [1] and aside.put_aside == taken.replayed


async def test_pages_of_the_quarantine(gateway: Gateway) -> None:
    for _ in range(2):
        await send(gateway, *({"type": "track", "event": f"{n}"} for n in range(3)))
        gateway.app.db.clock.move(gateway.app.db.clock.now())  # type: ignore[attr-defined]
    headers = await gateway.as_(Role.OPERATOR)
    found, cursor = [], ""
    while cursor is not None:
        page = await gateway.http.get(
            f"/v1/quarantine?limit=2{cursor and '&cursor=' + cursor}", headers=headers
        )
        found += [item["id"] for item in page.json()["data"]]
        cursor = page.json()["next_cursor"]
    assert len(found) == len(set(found)) == 3
    for query in ("limit=0", "limit=201", "cursor=abc"):
        refused = await gateway.http.get(f"/v1/quarantine?{query}", headers=headers)
        assert refused.status_code == 422


async def test_orders_among_the_events_are_booked(
    gateway: Gateway, inner: Inner, nats_url: str
) -> None:
    vault = gateway.parts.vault
    known = {vault.index(Kind.CARD_NO, "A-1"): str(MEMBER)}
    inner.replies["POST /internal/resolve"] = lambda seen: (
        200, {"members": {i: known[i] for i in seen.json["indexes"] if i in known}},
    )  # fmt: skip
    errors = [{"pointer": "/items/0/sku", "code": "unknown_sku", "detail": ""}]
    problem = {"status": 404, "code": "unknown_sku", "title": "", "errors": errors}
    answers: dict[str, dict[str, Any]] = {
        "o-1": {"status": 200}, "o-2": {"status": 404, "problem": problem},
    }  # fmt: skip
    away: list[tuple[int, Any]] = [(503, {})]

    def book(seen: Any) -> tuple[int, Any]:
        if away:
            return away.pop()
        numbers = [each["order_no"] for each in seen.json["orders"]]
        return 200, {"data": [{"order_no": number, **answers[number]} for number in numbers]}

    inner.replies["POST /v1/orders/batch"] = book

    def completed(n: int, order_no: str, card: str) -> dict[str, Any]:
        return track(
            n,
            event="Order Completed",
            context={"externalIds": [{"id": card, "type": "card_no"}]},
            properties={
                "order_id": order_no, "store_id": "1", "total": 3.5,
                "products": [{"sku": "s", "price": 3.5}],
            },
        )  # fmt: skip

    sent = await send(
        gateway, track(), completed(1, "o-1", "A-1"), completed(2, "o-2", "A-1"),
        completed(3, "o-3", "nobody"),
    )  # fmt: skip
    assert sent.status_code == 200
    operator = await gateway.as_(Role.OPERATOR)

    async def reasons() -> list[tuple[str, str]]:
        page = (await gateway.http.get("/v1/quarantine", headers=operator)).json()["data"]
        return sorted((item["reason"], item["pointer"]) for item in page)

    await eventually(reasons)
    assert await reasons() == [
        ("unknown_identifier", "/context/externalIds"), ("unknown_sku", "/items/0/sku"),
    ]  # fmt: skip
    booked = [seen for seen in inner.seen if seen.path == "/v1/orders/batch"][-1].json["orders"]
    assert {each["order_no"]: each["member_id"] for each in booked} == dict.fromkeys(
        ("o-1", "o-2"), str(MEMBER)
    )
    assert booked[0]["paid"] == {"amount": 350} and not await batches_of_orders_left(gateway)
    answers["o-2"] = {"status": 200}
    page = (await gateway.http.get("/v1/quarantine", headers=operator)).json()["data"]
    (late,) = (item["id"] for item in page if item["reason"] == "unknown_sku")
    again = await gateway.http.post(f"/v1/quarantine/{late}/replay", json={}, headers=operator)
    assert again.status_code == 200


async def batches_of_orders_left(gateway: Gateway) -> int:
    async def read() -> bool:
        return not any((await gateway.app.app.state.runtime.lag()).values())

    await eventually(read)
    return 0


async def test_nothing_is_answered_that_is_not_durable(gateway: Gateway, stack: Stack) -> None:
    async with stack.away("nats"):
        runtime = gateway.app.app.state.runtime
        await eventually(lambda: not runtime.bus.connected)
        refused = await send(gateway, track(event="Outage"))
        assert refused.status_code == 503 and refused.headers["retry-after"] == "1"
        assert refused.json()["code"] == "not_durable"

    async def taken() -> bool:
        return (await send(gateway, track(event="Outage"))).status_code == 200

    await eventually(taken, timeout=20)
    assert len(await batches(stack.nats_url)) == 1


async def test_a_full_stream_refuses_and_what_was_read_makes_room(
    start_gateway: Start, nats_url: str
) -> None:
    gateway = await start_gateway(ACTIVITY_MAX_BYTES="100000")
    runtime, room = gateway.app.app.state.runtime, gateway.app.app.state.room
    for reader in READERS - {"gateway"}:
        await runtime.bus.ensure_consumer("ACTIVITY", reader, ["activity.batch.v1"])
    taken = 0
    while (answer := await send(gateway, track(taken, properties={"p": "x" * 9_000}))).is_success:
        taken += 1
        assert taken < 20
    assert (answer.status_code, answer.json()["code"]) == (429, "stream_full")
    assert answer.headers["retry-after"] == "5"
    await room.make(gateway.app.db, gateway.app.db.clock.now())
    assert len(await batches(nats_url)) == taken  # all of it unread
    connection = await nats.connect(nats_url)
    for reader in READERS - {"gateway"}:
        pull = await connection.jetstream().pull_subscribe_bind(reader, "ACTIVITY")
        for message in await pull.fetch(taken):
            await message.ack_sync()
    await connection.close()

    async def again() -> bool:
        await room.make(gateway.app.db, gateway.app.db.clock.now())
        return (await send(gateway, track(99))).is_success

    await eventually(again)
    assert [one.message_id for batch in await batches(nats_url) for one in batch.activities] == [
        "m-99"
    ]


async def test_with_the_database_away_clients_come_back_later(
    gateway: Gateway, stack: Stack, nats_url: str
) -> None:
    bad = {"type": "track", "messageId": "bad", "event": "E"}
    assert (await send(gateway, track(0))).status_code == 200
    async with stack.away("postgres"):
        put_aside = await send(gateway, bad, track(1))  # what is bad has to be kept first
        assert put_aside.status_code == 503 and put_aside.headers["retry-after"]
        assert (await send(gateway, track(2))).status_code in (200, 503)
        gateway.app.app.state.collector._sources.clear()  # whose key it is, is not known any more
        unknown = await send(gateway, track(3))
        assert unknown.status_code == 503 and unknown.headers["retry-after"]

    async def taken() -> bool:
        return (await send(gateway, bad, track(3))).status_code == 200

    await eventually(taken, timeout=20)
    ids = {one.message_id for batch in await batches(nats_url) for one in batch.activities}
    assert ids >= {"m-0", "m-3"} and "bad" not in ids


async def test_too_much_for_one_message_becomes_several(gateway: Gateway, nats_url: str) -> None:
    bus = gateway.app.app.state.runtime.bus
    bus.nc._server_info["max_payload"] = limit = 20_000
    bus.nc._max_payload = limit
    messages = [track(n, properties={"p": "x" * 500}) for n in range(100)]
    assert (await send(gateway, *messages)).status_code == 200
    found = await batches(nats_url)
    ids = [activity.message_id for batch in found for activity in batch.activities]
    assert len(found) > 1 and ids == [f"m-{n}" for n in range(100)]


async def test_many_at_once(gateway: Gateway, nats_url: str) -> None:
    answers = await together(send(gateway, track(n, event="At once")) for n in range(40))
    assert {answer.status_code for answer in answers} == {200}
    assert len(await batches(nats_url)) == 40


async def test_a_text_that_cannot_be_stored_does_not_sink_the_batch(
    gateway: Gateway, nats_url: str
) -> None:
    answer = await send(gateway, track(1), track(2, properties={"note": "a\0b"}), track(3))
    assert answer.status_code == 200
    (batch,) = await batches(nats_url)
    assert [activity.message_id for activity in batch.activities] == ["m-1", "m-3"]
    broken = await gateway.http.post(
        "/v1/batch", content=b'{"batch": ["\\u0000', auth=gateway.write_key
    )
    assert broken.status_code == 400
