"""What goes through the front door, and what comes back."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from uuid import UUID, uuid4

import asyncpg
import pytest
from services.gateway.tests.conftest import Gateway
from services.gateway.tests.inner import Inner, served

from contracts.classification import Kind
from contracts.roles import Role
from contracts.sealed import Sealed
from gateway_service.proxy.client import Gone, InnerClient
from gateway_service.vault.seal import IDENTIFIERS
from testkit import together
from testkit.stack import Stack

MEMBER = UUID(int=5)
PATH = f"/v1/members/{MEMBER}"
Start = Callable[..., Awaitable[Gateway]]


async def test_a_plain_call_goes_through_unchanged(gateway: Gateway, inner: Inner) -> None:
    inner.replies[f"GET {PATH}/points/entries"] = 200, b'{ "data":[],"next_cursor":null }'
    headers = await gateway.as_(
        Role.POS,
        **{"Accept-Language": "zh", "X-Huiyuan-Principal": "admin;me;;", "Cookie": "a=b"},
        traceparent="00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    )
    answer = await gateway.http.get(f"{PATH}/points/entries?limit=5&cursor=a%20b", headers=headers)
    assert answer.content == b'{ "data":[],"next_cursor":null }'
    assert answer.headers["x-request-id"] == "0af7651916cd43dd8448eb211c80319c"
    seen = inner.last
    assert (seen.path, seen.query) == (f"{PATH}/points/entries", "limit=5&cursor=a%20b")
    assert seen.headers["x-huiyuan-principal"] == "pos;dev-pos;;;;"
    assert seen.headers["x-huiyuan-internal"] == "test-internal-token"
    assert seen.headers["traceparent"].startswith("00-0af7651916cd43dd8448eb211c80319c-")
    assert seen.headers["accept-language"] == "zh"
    assert not {"authorization", "cookie"} & set(seen.headers)


async def test_an_idempotency_key_goes_on_as_a_hash(gateway: Gateway, inner: Inner) -> None:
    path, body = f"{PATH}/redemptions", {"points": 100, "reason": "checkout"}
    for key in ("13800138000", "13800138000", "other"):
        headers = await gateway.as_(Role.POS, **{"Idempotency-Key": key})
        assert (await gateway.http.post(path, json=body, headers=headers)).status_code == 200
    one, two, three = (seen.headers["idempotency-key"] for seen in inner.seen)
    assert one == two != three and "13800138000" not in one
    long = await gateway.as_(Role.POS, **{"Idempotency-Key": "x" * 256})
    refused = await gateway.http.post(path, json=body, headers=long)
    assert refused.status_code == 422 and refused.json()["code"] == "idempotency_key_too_long"


async def test_a_body_is_sealed_the_same_way_twice(gateway: Gateway, inner: Inner) -> None:
    headers = await gateway.as_(Role.SERVICE_AGENT)
    body = {"kind": "phone", "value": "138 0013 8000"}
    for _ in range(2):
        await gateway.http.post(f"{PATH}/identifiers", json=body, headers=headers)
    one, two = (seen.body for seen in inner.seen)
    assert one == two and b"8000" not in one
    token = Sealed.parse(inner.last.json["value"])
    assert token.bound_to(MEMBER) and token.kind is Kind.PHONE


async def test_a_lookup_asks_by_index_only(gateway: Gateway, inner: Inner) -> None:
    body = {"kind": "phone", "value": "13800138000"}
    headers = await gateway.as_(Role.POS)
    await gateway.http.post("/v1/members/lookup", json=body, headers=headers)
    assert inner.last.json["value"].startswith("hyx1.phone.")


@pytest.mark.parametrize(
    ("body", "wanted"),
    [
        (b"{", (400, "malformed_json", "")),
        (b'{"kind":"phone"}', (422, "invalid_body", "")),  # value or last4
        (b'{"kind":"phone","value":"13800138000","x":1}', (422, "invalid_body", "/x")),
        (b'{"kind":"phone","value":4711}', (422, "invalid_body", "/value")),
        (b'{"kind":"phone","value":"tel 4711"}', (422, "unusable_value", "/value")),
    ],
)
async def test_bad_bodies(
    gateway: Gateway, inner: Inner, body: bytes, wanted: tuple[int, str, str]
) -> None:
    headers = await gateway.as_(Role.POS)
    answer = await gateway.http.post("/v1/members/lookup", content=body, headers=headers)
    problem = answer.json()
    assert (answer.status_code, problem["code"], problem["errors"][0]["pointer"]) == wanted
    assert problem["trace_id"] and "4711" not in answer.text and not inner.seen


ADDRESS = "浙江省杭州市西湖区文三路 1 号"


async def member_answer(gateway: Gateway) -> dict[str, object]:
    vault = gateway.parts.vault
    await vault.ready([MEMBER], create=True)
    return {
        "member_id": str(MEMBER),
        "absorbed": [],
        "name": vault.seal(Kind.NAME, "张三丰", MEMBER, place="member.name"),
        "address": vault.seal(Kind.ADDRESS, ADDRESS, MEMBER, place="member.address"),
    }


async def test_masked_without_a_purpose_plain_and_audited_with_one(
    gateway: Gateway, inner: Inner
) -> None:
    inner.replies[f"GET {PATH}"] = 200, await member_answer(gateway)

    async def read(role: Role, **headers: str) -> object:
        own = MEMBER if role is Role.MEMBER else None
        answer = await gateway.http.get(PATH, headers=await gateway.as_(role, own, **headers))
        assert answer.status_code == 200
        return answer.json()["name"], answer.json()["address"]

    masked, plain = ("张**", "浙江省杭州市西湖区***"), ("张三丰", ADDRESS)
    agent = Role.SERVICE_AGENT
    assert await read(agent) == masked
    assert await read(agent, Purpose="delivery") == masked
    assert await read(Role.POS, Purpose="delivery", Ticket="T-1") == ("张**", None)
    assert await read(Role.MEMBER) == masked
    assert await read(agent, Purpose="service", Ticket="T-1") == ("张三丰", masked[1])
    assert await read(agent, Purpose="delivery", Ticket="T-2") == plain
    assert await read(Role.MEMBER, Purpose="own") == plain
    assert inner.last.headers["x-huiyuan-principal"] == f"member;{MEMBER};{MEMBER};own;;"
    page = await gateway.http.get("/v1/audit", headers=await gateway.as_(Role.COMPLIANCE))
    own, staff, earlier, at_till, no_ticket = page.json()["data"]
    assert earlier["fields"] == ["name"]
    assert at_till["decision"] == no_ticket["decision"] == "refused" != own["decision"]
    assert (own["role"], own["purpose"], own["ticket"]) == ("member", "own", None)
    assert (staff["subject"], staff["ticket"]) == ("dev-service_agent", "T-2")
    assert staff["operation"] == "GET /v1/members/{member_id}"
    assert staff["members"] == [str(gateway.parts.audit.pseudonym(MEMBER))]
    assert staff["fields"] == ["address", "name"]


async def test_a_plain_read_that_cannot_be_audited_is_not_answered(
    gateway: Gateway, inner: Inner, stack: Stack
) -> None:
    inner.replies[f"GET {PATH}"] = 200, await member_answer(gateway)
    headers = await gateway.as_(Role.COMPLIANCE, Purpose="audit", Ticket="T-2")
    admin = await asyncpg.connect(stack.admin_dsn)
    try:
        await admin.execute("REVOKE EXECUTE ON FUNCTION gateway.audit_append FROM huiyuan_gateway")
        answer = await gateway.http.get(PATH, headers=headers)
        assert answer.status_code == 500 and "文三路" not in answer.text
    finally:
        await admin.execute("GRANT EXECUTE ON FUNCTION gateway.audit_append TO huiyuan_gateway")
        await admin.close()


async def test_purposes_are_a_closed_list(gateway: Gateway, inner: Inner) -> None:
    answer = await gateway.http.get(PATH, headers=await gateway.as_(Role.POS, Purpose="curious"))
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (422, "unknown_purpose")
    assert problem["errors"][0]["pointer"] == "#header/Purpose" and "curious" not in answer.text
    assert not inner.seen


async def test_purpose_and_ticket_are_codes(gateway: Gateway) -> None:
    for name in ("Purpose", "Ticket"):
        headers = await gateway.as_(Role.POS, **{name: "a b;c"})
        answer = await gateway.http.get(PATH, headers=headers)
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["pointer"] == f"#header/{name}"


async def test_a_token_where_none_belongs_stays_closed(gateway: Gateway, inner: Inner) -> None:
    token = gateway.parts.vault.seal(Kind.PHONE, "13812345678", None, place=IDENTIFIERS)
    inner.replies[f"GET {PATH}"] = 409, {"code": "odd", "detail": token}
    answer = await gateway.http.get(PATH, headers=await gateway.as_(Role.POS))
    assert answer.status_code == 409 and answer.json()["detail"] == "***"


async def test_too_large(start_gateway: Start) -> None:
    gateway = await start_gateway(MAX_BODY_BYTES="1000")
    headers = await gateway.as_(Role.POS)

    async def drip() -> AsyncIterator[bytes]:
        for _ in range(20):
            yield b"x" * 100

    bodies: tuple[bytes | AsyncIterator[bytes], ...] = (b"x" * 1001, drip())
    for content in bodies:
        answer = await gateway.http.post("/v1/orders", content=content, headers=headers)
        assert answer.status_code == 413 and answer.json()["code"] == "body_too_large"


async def test_a_service_that_is_away_or_slow(start_gateway: Start, inner: Inner) -> None:
    gateway = await start_gateway(POINTS_URL="http://127.0.0.1:1", UPSTREAM_SECONDS="0.2")
    headers = await gateway.as_(Role.POS)
    away = await gateway.http.get(f"{PATH}/points", headers=headers)
    assert away.status_code == 503 and away.headers["retry-after"] == "1"
    assert away.json()["code"] == "service_unavailable"

    async def say_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    async with await asyncio.start_server(say_nothing, "127.0.0.1", 0) as server:
        client = InnerClient({"points": _url(server)}, "t", 4, 0.1)
        with pytest.raises(TimeoutError):
            await client.request("points", "GET", "/")
        await client.stop()


def _url(server: asyncio.Server) -> str:
    return f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


async def test_a_restarted_service_is_found_again() -> None:
    inner = Inner()
    async with served(inner) as url:
        client = InnerClient({"points": url}, "t", 4, 5)
        assert (await client.request("points", "GET", "/a")).status == 200
        await together(client.request("points", "GET", "/b") for _ in range(20))
    with pytest.raises(Gone):
        await client.request("points", "POST", "/c")
    async with served(inner) as url:
        again = InnerClient({"points": url}, "t", 4, 5)
        assert (await again.request("points", "POST", "/d", body=b"{}")).status == 200
        await again.stop()
    await client.stop()


async def test_a_stale_connection_is_tried_once_more_where_that_is_harmless() -> None:
    """A server that answers once and then hangs up on the next request without a word."""
    served_ = 0

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal served_
        await reader.readuntil(b"\r\n\r\n")
        served_ += 1
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")
        await reader.readuntil(b"\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    client = InnerClient({"points": _url(server)}, "t", 1, 5)
    assert (await client.request("points", "GET", "/")).body == b"ok"
    assert (await client.request("points", "GET", "/")).body == b"ok"
    assert served_ == 2
    with pytest.raises(Gone):
        await client.request("points", "POST", "/")
    await client.stop()
    server.close()


async def test_a_registration_gets_its_id_from_its_key(gateway: Gateway, inner: Inner) -> None:
    body = {
        "identifiers": [{"kind": "card_no", "value": "A-1"}],
        "name": "张三",
        "birthday": "1990-02-03",
    }

    async def register(**headers: str) -> dict[str, object]:
        headers = await gateway.as_(Role.POS, **headers)
        assert (await gateway.http.post("/v1/members", json=body, headers=headers)).is_success
        return dict(inner.last.json)

    one, two = (
        await register(**{"Idempotency-Key": "k"}),
        await register(**{"Idempotency-Key": "k"}),
    )
    assert one == two and (one["birth_year"], one["birth_month"]) == (1990, 2)
    assert Sealed.parse(str(one["name"])).bound_to(UUID(str(one["member_id"])))
    assert len(str(one["match_keys"])) == 812  # base64 of contracts.matching.BYTES
    assert (await register(**{"Idempotency-Key": "l"}))["member_id"] != one["member_id"]
    assert (await register())["member_id"] != (await register())["member_id"]


async def test_a_batch_of_registrations_answers_bad_ones_in_their_place(
    gateway: Gateway, inner: Inner
) -> None:
    def members(*phones: str) -> dict[str, object]:
        return {
            "members": [{"identifiers": [{"kind": "phone", "value": phone}]} for phone in phones]
        }

    inner.replies["POST /v1/members/batch"] = lambda seen: (
        200,
        {"results": [{"status": 201, "member_id": m["member_id"]} for m in seen.json["members"]]},
    )
    headers = await gateway.as_(Role.POS, **{"Idempotency-Key": "k"})
    good, bad = "1380013800", "12"
    answer = await gateway.http.post(
        "/v1/members/batch", json=members(bad, good + "1", bad, good + "2", bad), headers=headers
    )
    results = answer.json()["results"]
    assert [result["status"] for result in results] == [422, 201, 422, 201, 422]
    assert results[2]["problem"]["errors"][0]["pointer"] == "/identifiers/0/value"
    ids = [member["member_id"] for member in inner.last.json["members"]]
    assert [results[1]["member_id"], results[3]["member_id"]] == ids
    before = len(inner.seen)
    answer = await gateway.http.post("/v1/members/batch", json=members(bad), headers=headers)
    assert [result["status"] for result in answer.json()["results"]] == [422]
    assert len(inner.seen) == before


async def test_a_corrected_birthday_brings_its_year_and_month(
    gateway: Gateway, inner: Inner
) -> None:
    headers = await gateway.as_(Role.MEMBER, MEMBER)
    await gateway.http.patch(PATH, json={"birthday": "1990-02-03", "city": "杭州"}, headers=headers)
    sent = inner.last.json
    assert (sent["birth_year"], sent["birth_month"], sent["city"]) == (1990, 2, "杭州")
    bad = await gateway.http.patch(PATH, json={"birthday": "1990-02-31"}, headers=headers)
    assert bad.status_code == 422 and bad.json()["errors"][0]["pointer"] == "/birthday"


def order(number: str, **whose: object) -> dict[str, object]:
    return {
        "order_no": number,
        "store": "1",
        "channel": "pos",
        "paid_at": "2017-01-01T10:00:00+08:00",
        "items": [{"sku": "a", "quantity": 1, "amount": {"amount": 100}}],
        "paid": {"amount": 100},
        **whose,
    }


def card(value: str) -> dict[str, str]:
    return {"kind": "card_no", "value": value}


def knows(inner: Inner, gateway: Gateway, cards: dict[str, UUID]) -> None:
    vault = gateway.parts.vault
    known = {vault.index(Kind.CARD_NO, value): str(member) for value, member in cards.items()}
    inner.replies["POST /internal/resolve"] = lambda seen: (
        200, {"members": {i: known[i] for i in seen.json["indexes"] if i in known}},
    )  # fmt: skip


async def test_an_order_goes_on_with_its_member(gateway: Gateway, inner: Inner) -> None:
    knows(inner, gateway, {"A-1": MEMBER})
    headers = await gateway.as_(Role.POS)
    answer = await gateway.http.post(
        "/v1/orders?dry_run=true", json=order("1", identifier=card("A-1")), headers=headers
    )
    assert answer.status_code == 200
    sent = inner.last
    assert sent.query == "dry_run=true" and sent.json["member_id"] == str(MEMBER)
    assert "identifier" not in sent.json and sent.json["items"] == order("1")["items"]
    count = len(inner.seen)
    await gateway.http.post("/v1/orders", json=order("2", member_id=str(MEMBER)), headers=headers)
    assert len(inner.seen) == count + 1  # nothing to ask identity


@pytest.mark.parametrize(
    ("change", "wanted"),
    [
        ({"identifier": card("B")}, (404, "unknown_identifier", "/identifier")),
        ({"identifier": {"kind": "phone", "value": "12"}},
         (422, "unusable_value", "/identifier/value")),
        ({"identifier": card("A-1"), "member_id": str(MEMBER)}, (422, "two_members", "/member_id")),
        ({"identifier": {"kind": "blood", "value": "A"}},
         (422, "invalid_body", "/identifier/kind")),
        ({"identifier": card("A-1"), "paid": {"amount": -1}},
         (422, "invalid_body", "/paid/amount")),
    ],
)  # fmt: skip
async def test_orders_that_are_refused_here(
    gateway: Gateway, inner: Inner, change: dict[str, object], wanted: tuple[int, str, str]
) -> None:
    knows(inner, gateway, {"A-1": MEMBER})
    headers = await gateway.as_(Role.POS)
    answer = await gateway.http.post("/v1/orders", json=order("1", **change), headers=headers)
    problem = answer.json()
    assert (answer.status_code, problem["code"], problem["errors"][0]["pointer"]) == wanted


async def test_a_batch_asks_once_and_keeps_its_sequence(gateway: Gateway, inner: Inner) -> None:
    other = uuid4()
    knows(inner, gateway, {"A-1": MEMBER, "A-2": other})
    inner.replies["POST /v1/orders/batch"] = lambda seen: (
        200,
        {"data": [
            {"order_no": o["order_no"], "status": 200, "member_id": o["member_id"]}
            for o in seen.json["orders"]
        ]},
    )  # fmt: skip
    whose = [card("X"), card("A-1"), card("Y"), card("A-2"), card("A-1"), card("Z")]
    orders = [order(str(n), identifier=each) for n, each in enumerate(whose)]
    orders.append(order("6", member_id=str(other)))
    headers = await gateway.as_(Role.POS)
    answer = await gateway.http.post("/v1/orders/batch", json={"orders": orders}, headers=headers)
    data = answer.json()["data"]
    assert [each["order_no"] for each in data] == list("0123456")
    assert [each["status"] for each in data] == [404, 200, 404, 200, 200, 404, 200]
    assert data[0]["problem"]["code"] == "unknown_identifier"
    assert data[0]["problem"]["errors"][0]["pointer"] == "/identifier"
    assert data[3]["member_id"] == data[6]["member_id"] == str(other)
    asked = [seen for seen in inner.seen if seen.path == "/internal/resolve"]
    assert len(asked) == 1 and len(asked[0].json["indexes"]) == 5
    assert b"A-1" not in b"".join(seen.body for seen in inner.seen)
