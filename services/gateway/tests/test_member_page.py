"""Members at the sign-in page, by a plain HTTP client: phone, code, and back to the app."""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import httpx
import pytest_asyncio
from authlib.integrations.httpx_client import AsyncOAuth2Client
from joserfc import jwt
from joserfc.jwk import KeySet
from services.gateway.tests.conftest import Gateway
from services.gateway.tests.test_claims import Start, codes
from services.gateway.tests.test_limits import NOWHERE
from services.gateway.tests.test_sign_in import CHALLENGE, VERIFIER

from chassis.clock import DrivenClock
from contracts.classification import Kind
from contracts.roles import Role

MEMBER, PHONE, STRANGER = UUID(int=5), "13800138000", "13900139000"
BACK = "com.example.app:/back"
TICKET = re.compile(r'name="ticket" value="(\w*)"')
APP = {
    "client_id": "app", "role": "member", "confidential": False, "grants": ["authorization_code"],
    "redirect_uris": [BACK],
}  # fmt: skip


@dataclass
class Phone:
    """Somebody with a browser and a phone before the gateway."""

    gateway: Gateway
    http: httpx.AsyncClient

    async def opens(self, **changes: str | None) -> httpx.Response:
        """The page that the app leads to."""
        asked: dict[str, str | None] = {
            "response_type": "code", "client_id": "app", "redirect_uri": BACK, "state": "st",
            "code_challenge": CHALLENGE, "code_challenge_method": "S256", "scope": "openid",
            "nonce": "n", **changes,
        }  # fmt: skip
        query = {name: value for name, value in asked.items() if value is not None}
        return await self.http.get("/oauth2/authorize", params=query)

    async def sends(self, page: httpx.Response, **fields: str) -> httpx.Response:
        """The form of a page."""
        found = TICKET.search(page.text)
        assert found, page.text
        return await self.http.post("/oauth2/authorize", data={"ticket": found[1], **fields})

    async def signs_in(self, phone: str = PHONE) -> tuple[httpx.Response, httpx.Response, str]:
        """The page that asks for the code, what comes of the code, and the code."""
        page = await self.sends(await self.opens(), phone=phone)
        code = (await codes(self.gateway))[phone]
        return page, await self.sends(page, sms=code), code

    async def exchanges(self, back: httpx.Response, **changes: str) -> httpx.Response:
        """The code that came back for tokens."""
        form = {
            "grant_type": "authorization_code", "client_id": "app", "redirect_uri": BACK,
            "code_verifier": VERIFIER, "code": answer_of(back)["code"], **changes,
        }  # fmt: skip
        return await self.http.post("/oauth2/token", data=form)


def answer_of(back: httpx.Response) -> dict[str, str]:
    assert back.status_code == 303, back.text
    assert back.headers["location"].startswith(BACK + "?")
    query = parse_qs(urlsplit(back.headers["location"]).query)
    return {name: value for name, (value,) in query.items()}


@pytest_asyncio.fixture(loop_scope="session")
async def phone(gateway: Gateway) -> AsyncIterator[Phone]:
    """The app is admitted; identity knows one number."""
    known = {gateway.parts.vault.index(Kind.PHONE, PHONE): str(MEMBER)}
    gateway.inner.replies["POST /internal/resolve"] = lambda seen: (
        200, {"members": {each: known[each] for each in seen.json["indexes"] if each in known}},
    )  # fmt: skip
    admin = await gateway.as_(Role.ADMIN)
    assert (await gateway.http.post("/v1/clients", json=APP, headers=admin)).status_code == 201
    transport = httpx.ASGITransport(gateway.app.app)
    async with httpx.AsyncClient(transport=transport, base_url="https://localhost:8443") as http:
        yield Phone(gateway, http)


async def test_a_member_signs_in_and_the_app_goes_on(phone: Phone) -> None:
    client = AsyncOAuth2Client(
        "app", redirect_uri=BACK, scope="openid", code_challenge_method="S256",
        token_endpoint_auth_method="none", transport=phone.http._transport,
    )  # fmt: skip
    url, state = client.create_authorization_url(
        "https://localhost:8443/oauth2/authorize", code_verifier=VERIFIER, nonce="n-1"
    )
    first = await phone.http.get(url)
    assert first.status_code == 200 and 'lang="zh-CN"' in first.text and "手机号" in first.text
    assert "form-action 'self' com.example.app:;" in first.headers["content-security-policy"]
    english = await phone.opens(ui_locales="en")
    assert "Mobile number" in english.text and "password" not in english.text
    second = await phone.sends(first, phone=f"+86 {PHONE[:3]} {PHONE[3:7]} {PHONE[7:]}")
    assert second.status_code == 200 and "验证码" in second.text and "重新发送" in second.text
    assert PHONE not in second.text + str(second.headers) and PHONE[3:7] not in second.text
    back = await phone.sends(second, sms=(await codes(phone.gateway))[PHONE])
    answer = answer_of(back)
    assert answer["state"] == state and answer["iss"] == "https://localhost:8443"
    token = await client.fetch_token(
        "https://localhost:8443/oauth2/token", code_verifier=VERIFIER,
        authorization_response=back.headers["location"],
    )  # fmt: skip
    assert token["scope"] == "member openid" and token["expires_in"] == 600
    keys = KeySet.import_key_set((await phone.http.get("/.well-known/jwks.json")).json())
    identity = jwt.decode(token["id_token"], keys, algorithms=["ES256"]).claims
    assert (identity["sub"], identity["aud"], identity["nonce"]) == (str(MEMBER), "app", "n-1")
    bearer = {"Authorization": f"Bearer {token['access_token']}"}
    for member, status in ((MEMBER, 200), (UUID(int=6), 403)):
        mine = await phone.http.get(f"/v1/members/{member}/consents", headers=bearer)
        assert mine.status_code == status
    again = await client.refresh_token("https://localhost:8443/oauth2/token")
    assert again["scope"] == "member openid" and again["refresh_token"] != token["refresh_token"]
    await client.aclose()


async def test_the_page_tells_nobody_whose_a_number_is(phone: Phone) -> None:
    pages = [await phone.sends(await phone.opens(), phone=each) for each in (PHONE, STRANGER)]
    wrong = [await phone.sends(page, sms="12345x") for page in pages]
    for one, two in (pages, wrong):
        assert TICKET.sub("", one.text) == TICKET.sub("", two.text)
        assert one.status_code == two.status_code
    assert not [each for each in phone.gateway.inner.seen if "resolve" in each.path], "nor asked"
    proved = await phone.sends(pages[1], sms=(await codes(phone.gateway))[STRANGER])
    assert proved.status_code == 400 and "请先注册" in proved.text
    assert "location" not in proved.headers and 'name="phone"' in proved.text
    for unfit in ("12", "", "x" * 300):
        page = await phone.sends(await phone.opens(), phone=unfit)
        assert page.status_code == 400 and "正确的手机号" in page.text and "x" * 9 not in page.text


async def test_codes_and_pages_are_good_once_and_in_one_browser(
    phone: Phone, clock: DrivenClock
) -> None:
    page, back, code = await phone.signs_in()
    replayed = await phone.sends(page, sms=code)
    assert replayed.status_code == 400 and "location" not in replayed.headers
    token = (await phone.exchanges(back)).json()
    stolen = await phone.exchanges(back)
    assert stolen.json()["error"] == "invalid_grant", "a code comes twice: what it began ends"
    bearer = {"Authorization": f"Bearer {token['access_token']}"}
    mine = await phone.http.get(f"/v1/members/{MEMBER}/consents", headers=bearer)
    assert mine.json()["code"] == "token_revoked"

    clock.move(clock.now() + timedelta(minutes=2))
    await phone.gateway.parts.redis.flushdb()
    page = await phone.sends(await phone.opens(), phone=PHONE)
    code, good = (await codes(phone.gateway))[PHONE], dict(phone.http.cookies)
    for cookies in ({}, {"__Host-huiyuan-sign-in": "of-another-browser"}):
        phone.http.cookies.clear()
        phone.http.cookies.update(cookies)
        forged = await phone.sends(page, sms=code)
        assert forged.status_code == 400 and "location" not in forged.headers
    phone.http.cookies.clear()
    phone.http.cookies.update(good)
    for ticket in ("", "00", "zz", "ab" * 60):
        form = {"ticket": ticket, "phone": PHONE, "sms": code}
        assert (await phone.http.post("/oauth2/authorize", data=form)).status_code == 400
    for change in ({"code_verifier": VERIFIER + "x"}, {"redirect_uri": BACK + "/"}):
        refused = await phone.exchanges(await phone.sends(page, sms=code), **change)
        assert refused.json()["error"] in ("invalid_grant", "invalid_request")
        await phone.gateway.parts.redis.flushdb()
        page = await phone.sends(await phone.opens(), phone=PHONE)
        code = (await codes(phone.gateway))[PHONE]
    clock.move(clock.now() + timedelta(minutes=5))
    late = await phone.sends(page, sms=code)
    assert late.status_code == 400 and "location" not in late.headers


async def test_what_an_app_must_ask_and_may_not(phone: Phone) -> None:
    changes: tuple[dict[str, str | None], ...] = (
        {"redirect_uri": BACK + "/"}, {"redirect_uri": None}, {"client_id": "nobody"},
        {"redirect_uri": "com.example.evil:/back"}, {"redirect_uri": "https://evil.example/"},
    )  # fmt: skip
    for change in changes:
        page = await phone.opens(**change)
        assert page.status_code == 400 and "location" not in page.headers, change
        assert "evil" not in page.text + page.headers["content-security-policy"]
    told: tuple[tuple[dict[str, str | None], str], ...] = (
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"code_challenge": None}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"prompt": "none"}, "login_required"),
    )
    for change, error in told:
        assert answer_of(await phone.opens(**change))["error"] == error
    factor = await phone.sends(await phone.opens(acr_values="mfa"), phone=PHONE)
    assert answer_of(factor)["error"] == "unmet_authentication_requirements"
    as_staff = await phone.sends(await phone.opens(), username="dev-admin", password="x" * 12)
    assert as_staff.status_code == 400 and 'name="phone"' in as_staff.text
    admin = await phone.gateway.as_(Role.ADMIN)
    wrongs: tuple[dict[str, Any], ...] = (
        {"role": "partner"}, {"redirect_uris": []}, {"redirect_uris": ["http://a.b"]},
    )  # fmt: skip
    for wrong in wrongs:
        wish = {**APP, "client_id": "other", **wrong}
        refused = await phone.gateway.http.post("/v1/clients", json=wish, headers=admin)
        assert refused.json()["code"] == "unfit_client"


async def test_tries_are_few(phone: Phone, start_gateway: Start) -> None:
    page = await phone.sends(await phone.opens(), phone=PHONE)
    at_once = await phone.sends(page, again="1")
    assert at_once.status_code == 429 and "太频繁" in at_once.text and 'name="sms"' in at_once.text
    code = (await codes(phone.gateway))[PHONE]
    for _n in range(5):
        assert (await phone.sends(page, sms="000000x")).status_code == 400
    assert (await phone.sends(page, sms=code)).status_code == 400, "five tries"
    await phone.gateway.parts.redis.flushdb()
    page = await phone.sends(page, again="1")
    assert page.status_code == 200
    answer_of(await phone.sends(page, sms=(await codes(phone.gateway))[PHONE]))
    blind = await start_gateway(REDIS_URL=NOWHERE)
    form: dict[str, Any] = {"ticket": "00", "phone": PHONE}
    assert (await blind.http.post("/oauth2/authorize", data=form)).status_code == 503
