"""Registering, linking and ordering by an identifier tell nobody whose it is who need not know."""

import re
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import pytest
from services.gateway.tests.conftest import Gateway
from services.gateway.tests.inner import Inner, Seen
from services.gateway.tests.test_limits import NOWHERE

from chassis.problem import Problem
from contracts.classification import Kind
from contracts.roles import Role
from gateway_service.access.limits import Bucket, Limits
from gateway_service.access.scripts import connect
from gateway_service.desensitize.cedar import SHIPPED
from gateway_service.proxy.guesses import Guesses
from testkit.stack import Stack

TAKEN, FREE, MEMBER = "13800138000", "13900139000", UUID(int=5)
Start = Callable[..., Awaitable[Gateway]]
PROBLEM = {"type": "x", "title": "x", "status": 409, "code": "identifier_taken"}


@pytest.fixture
def taken(inner: Inner, gateway: Gateway) -> Inner:
    """Identity, which knows one phone and one card."""
    vault = gateway.parts.vault
    known = {vault.index(Kind.PHONE, TAKEN), vault.index(Kind.CARD_NO, "C-1")}

    def answered(seen: Seen, status: int, good: dict[str, Any]) -> tuple[int, Any]:
        body = seen.body.decode()
        has = any(index.partition(":")[2] in body for index in known)
        return (409, PROBLEM) if has else (status, good)

    inner.replies["POST /v1/members"] = lambda seen: answered(
        seen, 201, {"member_id": str(MEMBER), "registered_at": "2017-01-01T00:00:00Z"}
    )
    inner.replies[f"POST /v1/members/{MEMBER}/identifiers"] = lambda seen: answered(
        seen, 201, {"member_id": str(MEMBER), "outcome": "linked"}
    )
    return inner


def joining(*identifiers: tuple[str, str]) -> dict[str, Any]:
    return {"identifiers": [{"kind": kind, "value": value} for kind, value in identifiers]}


def told(answer: Any) -> tuple[Any, ...]:
    """What somebody learns from an answer: everything but its ids."""
    body = {name: value for name, value in answer.json().items() if name != "trace_id"}
    ids = {"x-request-id", "traceresponse"}
    return answer.status_code, body, {k: v for k, v in answer.headers.items() if k not in ids}


async def codes(gateway: Gateway) -> dict[str, str]:
    """What phones got last."""
    page = (await gateway.http.get("/dev/outbox?limit=200")).json()["data"]
    found = {each["to"]: re.search(r"\d{6}", each["text"]) for each in page}
    return {to[3:]: code[0] for to, code in found.items() if code}


async def free(gateway: Gateway) -> None:
    """As if the limits had been waited for."""
    await gateway.parts.redis.flushdb()


async def test_a_partner_learns_whose_a_phone_is_from_its_holder_alone(
    gateway: Gateway, taken: Inner
) -> None:
    headers = await gateway.as_(Role.PARTNER)

    async def joins(*identifiers: tuple[str, str], code: str = "") -> Any:
        more = {"Verification-Code": code} if code else {}
        return await gateway.http.post(
            "/v1/members", json=joining(*identifiers), headers=headers | more
        )

    card = ("card_no", "C-1")
    answers = [await joins(("phone", TAKEN), card), await joins(("phone", FREE), card)]
    assert told(answers[0]) == told(answers[1])
    assert answers[0].status_code == 403 and answers[0].json()["code"] == "verification_needed"
    got = await codes(gateway)
    wrong = [await joins(("phone", phone), code="12345x") for phone in (TAKEN, FREE, "13700137000")]
    assert told(wrong[0]) == told(wrong[1]) == told(wrong[2])
    assert wrong[0].json()["code"] == "wrong_code"
    assert not [seen for seen in taken.seen if seen.path.startswith("/v1/members")], "nor asked"

    assert (await joins(("phone", FREE), code=got[FREE])).status_code == 201
    assert (await joins(("phone", TAKEN), code=got[TAKEN])).json()["code"] == "identifier_taken"
    assert (await joins(("phone", FREE), code=got[FREE])).json()["code"] == "wrong_code", "used"
    for unfit in ([card], [("phone", FREE), ("phone", TAKEN)]):
        assert (await joins(*unfit)).json()["code"] == "phone_needed"
    bad = await joins(("card_no", "x"), ("phone", "l3ak"))
    assert bad.json()["errors"][0]["pointer"] == "/identifiers/1/value" and "l3ak" not in bad.text
    batch = {"members": [joining(("phone", FREE))]}
    many = await gateway.http.post("/v1/members/batch", json=batch, headers=headers)
    assert (many.status_code, many.json()["code"]) == (403, "verification_needed")


async def test_a_code_is_good_for_what_it_was_sent_for(gateway: Gateway, taken: Inner) -> None:
    await gateway.http.post("/v1/login/codes", json={"phone": FREE})
    code = (await codes(gateway))[FREE]
    more = {"Verification-Code": code}
    headers = await gateway.as_(Role.PARTNER)
    answer = await gateway.http.post(
        "/v1/members", json=joining(("phone", FREE)), headers=headers | more
    )
    assert answer.json()["code"] == "wrong_code"
    await free(gateway)
    await gateway.http.post("/v1/members", json=joining(("phone", FREE)), headers=headers)
    wish = {
        "client_id": "app", "role": "member", "confidential": False,
        "grants": ["urn:huiyuan:grant:sms-otp"],
    }  # fmt: skip
    await gateway.http.post("/v1/clients", json=wish, headers=await gateway.as_(Role.ADMIN))
    form = {
        "grant_type": "urn:huiyuan:grant:sms-otp", "client_id": "app", "phone": FREE,
        "otp": (await codes(gateway))[FREE],
    }  # fmt: skip
    signed_in = await gateway.http.post("/oauth2/token", data=form)
    assert signed_in.json() == {"error": "invalid_grant"}


async def test_a_member_links_a_phone_it_holds_and_guesses_at_few_cards(
    gateway: Gateway, taken: Inner, start_gateway: Start
) -> None:
    path, headers = f"/v1/members/{MEMBER}/identifiers", await gateway.as_(Role.MEMBER, MEMBER)

    async def links(kind: str, value: str, code: str = "", at: Gateway = gateway) -> Any:
        more = {"Verification-Code": code} if code else {}
        body = {"kind": kind, "value": value}
        return await at.http.post(path, json=body, headers=headers | more)

    assert told(await links("phone", TAKEN)) == told(await links("phone", FREE))
    got = await codes(gateway)
    assert (await links("phone", FREE, got[FREE])).status_code == 201
    assert (await links("phone", TAKEN, got[TAKEN])).status_code == 409
    cards = [await links("card_no", f"C-{n}") for n in range(12)]
    assert [each.status_code for each in cards] == [201, 409, *[201] * 8, 429, 429]
    many = [await links("phone", f"1370013700{n}") for n in range(6)]
    assert [each.status_code for each in many] == [403] * 3 + [429] * 3
    blind = await start_gateway(REDIS_URL=NOWHERE)
    assert (await links("card_no", "C-1", at=blind)).status_code == 503
    assert (await links("phone", FREE, at=blind)).status_code == 503


async def test_a_till_is_told_and_that_counts_as_a_guess(
    start_gateway: Start, taken: Inner
) -> None:
    gateway = await start_gateway(GUESSES_PER_HOUR="3")
    headers = await gateway.as_(Role.POS)

    async def joins(card: str) -> int:
        body = joining(("card_no", card))
        return (await gateway.http.post("/v1/members", json=body, headers=headers)).status_code

    assert [await joins(f"F-{n}") for n in range(6)] == [201] * 6
    assert [await joins("C-1") for _ in range(4)] == [409] * 3 + [429]
    assert await joins("F-1") == 429, "or it would tell"
    await free(gateway)
    results = [{"status": 409, "problem": {**PROBLEM, "errors": []}}] * 3
    taken.replies["POST /v1/members/batch"] = 200, {"results": results}
    for role, then in ((Role.POS, 429), (Role.OPERATOR, 201)):
        many = {"members": [joining(("card_no", f"C-{n}")) for n in range(3)]}
        path, theirs = "/v1/members", await gateway.as_(role)
        answer = await gateway.http.post(f"{path}/batch", json=many, headers=theirs)
        assert answer.status_code == 200
        one = await gateway.http.post(path, json=joining(("card_no", "F-9")), headers=theirs)
        assert one.status_code == then, role


async def test_orders_by_guessed_identifiers_are_counted_for_partners(
    start_gateway: Start, inner: Inner
) -> None:
    gateway = await start_gateway(GUESSES_PER_HOUR="3")
    inner.replies["POST /internal/resolve"] = 200, {"members": {}}
    order = {
        "order_no": "1", "store": "1", "channel": "pos", "paid_at": "2020-01-01T00:00:00Z",
        "items": [{"sku": "a", "quantity": 1, "amount": {"amount": 1}}], "paid": {"amount": 1},
        "identifier": {"kind": "card_no", "value": "C-2"},
    }  # fmt: skip
    for role, last in ((Role.PARTNER, 429), (Role.POS, 404)):
        headers = await gateway.as_(role)
        answers = [
            await gateway.http.post("/v1/orders", json=order, headers=headers) for _ in range(4)
        ]
        assert [each.status_code for each in answers] == [404, 404, 404, last], role


async def test_who_may_know_is_the_policys_word(
    start_gateway: Start, taken: Inner, tmp_path: Any
) -> None:
    file = tmp_path / "own.cedar"
    file.write_text(SHIPPED.read_text().replace('Role::"pos", Role::"guide", Role::"service_agent"',
                                                'Role::"partner"', 1))  # fmt: skip
    gateway = await start_gateway(POLICY_FILE=str(file))
    statuses = {}
    for role in (Role.POS, Role.PARTNER):
        answer = await gateway.http.post(
            "/v1/members", json=joining(("phone", TAKEN)), headers=await gateway.as_(role)
        )
        statuses[role] = answer.status_code
    assert statuses == {Role.POS: 403, Role.PARTNER: 409}


async def test_without_redis_lookups_are_counted_by_each_gateway(
    start_gateway: Start, inner: Inner
) -> None:
    gateway = await start_gateway()
    headers = await gateway.as_(Role.GUIDE)
    blind = await start_gateway(REDIS_URL=NOWHERE, GUESSES_PER_HOUR="4")
    inner.replies["POST /v1/members/lookup"] = 404, {**PROBLEM, "status": 404}
    inner.replies[f"GET /v1/members/{MEMBER}"] = 200, {"member_id": str(MEMBER), "absorbed": []}
    body = {"kind": "phone", "value": FREE}
    answers = [
        await blind.http.post("/v1/members/lookup", json=body, headers=headers) for _ in range(6)
    ]
    assert [each.status_code for each in answers] == [404] * 4 + [429] * 2
    assert int(answers[-1].headers["retry-after"]) > 100
    assert (await blind.http.get(f"/v1/members/{MEMBER}", headers=headers)).status_code == 200


async def test_what_was_guessed_meanwhile_is_told_to_redis(stack: Stack, clean: None) -> None:
    now = [0.0]
    calls = Bucket("calls", 1, 1)
    away, there = Limits(connect(NOWHERE), calls), Limits(connect(stack.redis_url), calls)
    guesses = Guesses(there, 6, lambda: now[0])

    async def ask(limits: Limits, misses: int) -> None:
        guesses._limits = limits
        await guesses.begin("x")
        await guesses.end("x", misses)

    await ask(there, 1)
    for _ in range(3):
        await ask(away, 1)
        await ask(away, 0)
    for _ in range(2):
        await ask(there, 1)
    with pytest.raises(Problem) as refused:
        await guesses.begin("x")
    assert refused.value.status == 429
    await ask(away, 6)
    with pytest.raises(Problem):
        await ask(away, 0)
    now[0] += 1_800  # half of them an hour
    await ask(away, 3)
    with pytest.raises(Problem):
        await ask(away, 0)
