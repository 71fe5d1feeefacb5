"""Members sign in: by a code on their phone, by the mini-program."""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest_asyncio
from services.gateway.tests.conftest import Gateway
from services.gateway.tests.inner import Seen, served

from chassis.clock import DrivenClock
from contracts.classification import Kind
from contracts.roles import Role
from testkit.mini_program import MiniProgramDouble

MEMBER, OTHER = UUID(int=5), UUID(int=6)
PHONE, STRANGER = "13800138000", "13900139000"
SMS, MINI = "urn:huiyuan:grant:sms-otp", "urn:huiyuan:grant:mini-program"
Start = Callable[..., Awaitable[Gateway]]


@dataclass
class App:
    """The members' app before the gateway."""

    gateway: Gateway
    wechat: MiniProgramDouble

    async def asks(self, phone: str) -> httpx.Response:
        """For a code."""
        return await self.gateway.http.post("/v1/login/codes", json={"phone": phone})

    async def received(self) -> list[tuple[str, str]]:
        """Number and code of each message, oldest first."""
        page = (await self.gateway.http.get("/dev/outbox?limit=200")).json()["data"]
        codes = [re.search(r"\d{6}", message["text"]) for message in page]
        return [(each["to"], code[0]) for each, code in zip(page, codes, strict=True) if code]

    async def sends(self, grant: str, **fields: str) -> httpx.Response:
        """What proves a member."""
        form = {"grant_type": grant, "client_id": "app", **fields}
        return await self.gateway.http.post("/oauth2/token", data=form)

    async def free(self) -> None:
        """As if the limits had been waited for."""
        await self.gateway.parts.redis.flushdb()


@pytest_asyncio.fixture(loop_scope="session")
async def app(start_gateway: Start, clock: DrivenClock) -> AsyncIterator[App]:
    """An app of role member, a double of WeChat, one member with phone and openid."""
    wechat = MiniProgramDouble(clock)
    async with served(wechat) as url:
        gateway = await start_gateway(
            MINI_PROGRAM_URL=url, MINI_PROGRAM_APP_ID=wechat.app_id,
            MINI_PROGRAM_SECRET=wechat.secret,
        )  # fmt: skip
        wish = {
            "client_id": "app", "role": "member", "confidential": False, "grants": [SMS, MINI],
        }  # fmt: skip
        made = await gateway.http.post(
            "/v1/clients", json=wish, headers=await gateway.as_(Role.ADMIN)
        )
        assert made.status_code == 201, made.text
        vault = gateway.parts.vault
        known = {
            vault.index(Kind.PHONE, PHONE): MEMBER,
            vault.index(Kind.MINIPROGRAM_OPENID, "o-1"): MEMBER,
            vault.index(Kind.WECHAT_UNIONID, "u-2"): OTHER,
        }

        def resolve(seen: Seen) -> tuple[int, Any]:
            asked = seen.json["indexes"]
            return 200, {"members": {one: str(known[one]) for one in asked if one in known}}

        gateway.inner.replies["POST /internal/resolve"] = resolve
        yield App(gateway, wechat)


async def test_a_member_signs_in_by_phone(app: App) -> None:
    assert (await app.asks(PHONE)).status_code == 202
    ((number, code),) = await app.received()
    assert number == "+8613800138000"
    answer = await app.sends(SMS, phone=f"+86 {PHONE}", otp=code)
    assert answer.status_code == 200, answer.text
    token = answer.json()
    headers = {"Authorization": f"Bearer {token['access_token']}"}
    path = f"/v1/members/{MEMBER}/points"
    assert (await app.gateway.http.get(path, headers=headers)).status_code == 200
    principal = app.gateway.inner.last.headers["x-huiyuan-principal"]
    assert principal == f"member;{MEMBER};{MEMBER};;;"
    foreign = await app.gateway.http.get(f"/v1/members/{OTHER}/points", headers=headers)
    assert foreign.status_code == 403
    again = await app.sends(SMS, phone=PHONE, otp=code)
    assert (again.status_code, again.json()["error"]) == (400, "invalid_grant")
    form = {"grant_type": "refresh_token", "client_id": "app"}
    form["refresh_token"] = token["refresh_token"]
    assert (await app.gateway.http.post("/oauth2/token", data=form)).status_code == 200
    assert (await app.gateway.http.post("/oauth2/token", data=form)).status_code == 400


async def test_codes_end_are_few_and_belong_to_a_number(app: App, clock: DrivenClock) -> None:
    await app.asks(PHONE)
    ((_, code),) = await app.received()
    wrong = f"{(int(code) + 1) % 10**6:06}"
    assert (await app.sends(SMS, phone=STRANGER, otp=code)).status_code == 400
    for _ in range(5):
        assert (await app.sends(SMS, phone=PHONE, otp=wrong)).status_code == 400
    assert (await app.sends(SMS, phone=PHONE, otp=code)).status_code == 400, "five tries"
    await app.free()
    await app.asks(PHONE)
    code = (await app.received())[-1][1]
    clock.move(clock.now() + timedelta(minutes=5))
    assert (await app.sends(SMS, phone=PHONE, otp=code)).status_code == 400, "five minutes"
    await app.free()
    await app.asks(PHONE)
    code = (await app.received())[-1][1]
    answers = await asyncio.gather(*(app.sends(SMS, phone=PHONE, otp=code) for _ in range(6)))
    assert sorted(answer.status_code for answer in answers) == [200, *[400] * 5]
    async with app.gateway.app.db.transaction() as tx:
        assert not await tx.fetchval("SELECT count(*) FROM login_code")


async def test_nobody_learns_whether_a_number_is_known(app: App) -> None:
    known, unknown = await app.asks(PHONE), await app.asks(STRANGER)
    hidden = {"x-request-id", "traceresponse"}
    for one, two in ((known, unknown),):
        assert (one.status_code, one.content) == (two.status_code, two.content)
        assert {k: v for k, v in one.headers.items() if k not in hidden} == {
            k: v for k, v in two.headers.items() if k not in hidden
        }
    assert not [seen for seen in app.gateway.inner.seen if "resolve" in seen.path], "nor asked"
    codes = dict(await app.received())
    wrong = [await app.sends(SMS, phone=phone, otp="000000") for phone in (PHONE, STRANGER)]
    assert wrong[0].json() == wrong[1].json() == {"error": "invalid_grant"}
    assert not [seen for seen in app.gateway.inner.seen if "resolve" in seen.path]
    proved = await app.sends(SMS, phone=STRANGER, otp=codes["+8613900139000"])
    assert proved.json() == {"error": "invalid_grant", "error_description": "no member yet"}


async def test_messages_cost_and_are_counted(app: App, start_gateway: Start) -> None:
    assert (await app.asks(PHONE)).status_code == 202
    at_once = await app.asks(PHONE)
    assert at_once.status_code == 429 and 1 <= int(at_once.headers["retry-after"]) <= 60
    assert '"sms_number";q=1;w=60' in at_once.headers["ratelimit-policy"]
    many = [await app.asks(f"1370000{n:04}") for n in range(25)]
    assert [answer.status_code for answer in many[:18]] == [202] * 18
    assert many[-1].status_code == 429 and "sms_address" in many[-1].headers["ratelimit"]
    await app.free()
    poor = await start_gateway(SMS_PER_HOUR="3")
    answers = [
        await poor.http.post("/v1/login/codes", json={"phone": f"1360000{n:04}"}) for n in range(5)
    ]
    assert [answer.status_code for answer in answers] == [202, 202, 202, 429, 429]
    blind = await start_gateway(REDIS_URL="redis://127.0.0.1:1/0")
    refused = await blind.http.post("/v1/login/codes", json={"phone": PHONE})
    assert refused.status_code == 503


async def test_bad_numbers_are_not_repeated(app: App) -> None:
    for phone in ("123", "x", ""):
        answer = await app.asks(phone)
        assert answer.status_code == 422 and answer.json()["errors"][0]["pointer"] == "/phone"
        assert not phone or phone not in answer.json()["title"]
    for fields in ({}, {"phone": PHONE}, {"phone": "12345678", "otp": "1"}):
        answer = await app.sends(SMS, **fields)
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")
        assert "12345678" not in answer.text


async def test_a_member_signs_in_by_the_mini_program(app: App, clock: DrivenClock) -> None:
    code = app.wechat.code_for("o-1", "u-1")
    answer = await app.sends(MINI, code=code)
    assert answer.status_code == 200 and answer.json()["refresh_token"], answer.text
    (key,) = app.wechat.session_keys
    assert key not in answer.text
    used = await app.sends(MINI, code=code)
    assert (used.status_code, used.json()["error"]) == (400, "invalid_grant")
    by_union = await app.sends(MINI, code=app.wechat.code_for("o-new", "u-2"))
    known = await app.gateway.parts.tokens.active(by_union.json()["access_token"])
    assert known and known.principal.member_id == OTHER
    stranger = await app.sends(MINI, code=app.wechat.code_for("o-9"))
    assert stranger.json()["error_description"] == "no member yet"
    late = app.wechat.code_for("o-1")
    clock.move(clock.now() + timedelta(minutes=5))
    assert (await app.sends(MINI, code=late)).json()["error"] == "invalid_grant"
    assert (await app.sends(MINI, code="x")).json()["error"] == "invalid_grant"
    assert (await app.sends(MINI)).json()["error"] == "invalid_request"


async def test_when_wechat_does_not_answer(app: App, start_gateway: Start) -> None:
    app.wechat.busy = True
    assert (await app.sends(MINI, code=app.wechat.code_for("o-1"))).status_code == 503
    app.wechat.busy = False
    for _ in range(100):
        app.wechat._may("o-1")
    often = await app.sends(MINI, code=app.wechat.code_for("o-1"))
    assert often.status_code == 429 and often.headers["retry-after"] == "60"
    nowhere = await start_gateway(MINI_PROGRAM_URL="http://127.0.0.1:1")
    form = {"grant_type": MINI, "client_id": "app", "code": "x"}
    assert (await nowhere.http.post("/oauth2/token", data=form)).status_code == 503
    app.wechat.secret = "another"
    assert (await app.sends(MINI, code=app.wechat.code_for("o-2"))).status_code == 503


async def test_a_client_signs_members_in_only_as_it_was_admitted(app: App) -> None:
    admin = await app.gateway.as_(Role.ADMIN)
    wish = {"client_id": "kiosk", "role": "member", "grants": [SMS]}
    secret = (await app.gateway.http.post("/v1/clients", json=wish, headers=admin)).json()
    refused = await app.sends(SMS, client_id="kiosk", phone=PHONE, otp="000000")
    assert refused.json()["error"] == "invalid_client", "it has a secret and does not show it"
    other = {"client_id": "kiosk", "client_secret": secret["client_secret"]}
    refused = await app.sends(MINI, **other, code=app.wechat.code_for("o-1"))
    assert refused.json()["error"] == "unauthorized_client" and not app.wechat.session_keys
