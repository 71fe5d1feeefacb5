"""Staff at the sign-in page, by an independent client; refresh tokens; the second factor."""

import asyncio
import base64
import hashlib
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pyotp
import pytest
import pytest_asyncio
from authlib.integrations.httpx_client import AsyncOAuth2Client
from authlib.oauth2.rfc8414 import AuthorizationServerMetadata
from joserfc import jwt
from joserfc.jwk import KeySet
from services.gateway.tests.conftest import Gateway

from chassis.clock import DrivenClock
from contracts.roles import Role
from gateway_service.staff.domain import matching_step

BACK = "https://console.example/back"
VERIFIER = "a-verifier-that-is-long-enough-to-be-one-0123456789"
CHALLENGE = (
    base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
)
TRIAL = "/v1/clients"  # admin only
Start = Callable[..., Awaitable[Gateway]]


@dataclass
class Browser:
    """Somebody with a browser before the gateway."""

    gateway: Gateway
    http: httpx.AsyncClient
    passwords: dict[str, str] = field(default_factory=dict)

    async def opens(self, **changes: str | None) -> httpx.Response:
        """The sign-in page of a console's request."""
        asked: dict[str, str | None] = {
            "response_type": "code", "client_id": "console", "redirect_uri": BACK, "state": "st",
            "code_challenge": CHALLENGE, "code_challenge_method": "S256",
            "scope": "openid", "nonce": "n", **changes,
        }  # fmt: skip
        query = {name: value for name, value in asked.items() if value is not None}
        return await self.http.get("/oauth2/authorize", params=query)

    async def sends(self, page: httpx.Response, **fields: str) -> httpx.Response:
        """The form of a page."""
        found = re.search(r'name="ticket" value="(\w*)"', page.text)
        assert found, page.text
        return await self.http.post("/oauth2/authorize", data={"ticket": found[1], **fields})

    async def signs_in(self, username: str = "li.wei", **changes: str | None) -> httpx.Response:
        """With the right password."""
        page = await self.opens(**changes)
        return await self.sends(page, username=username, password=self.passwords[username])

    async def exchanges(self, back: httpx.Response, **changes: str) -> httpx.Response:
        """The code that came back for tokens."""
        form = {
            "grant_type": "authorization_code", "client_id": "console", "redirect_uri": BACK,
            "code_verifier": VERIFIER, "code": answer_of(back)["code"], **changes,
        }  # fmt: skip
        return await self.http.post("/oauth2/token", data=form)

    async def tokens(self, username: str = "li.wei") -> dict[str, Any]:
        """All the way."""
        answer = await self.exchanges(await self.signs_in(username))
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def refreshes(self, token: str, **changes: str) -> httpx.Response:
        """The next pair."""
        form = {"grant_type": "refresh_token", "refresh_token": token, "client_id": "console"}
        return await self.http.post("/oauth2/token", data={**form, **changes})

    async def tries(self, token: str, path: str = TRIAL) -> tuple[int, str | None]:
        """A call with an access token."""
        answer = await self.http.get(path, headers={"Authorization": f"Bearer {token}"})
        return answer.status_code, answer.json().get("code")


def answer_of(back: httpx.Response) -> dict[str, str]:
    """What the browser carries back to the client."""
    assert back.status_code == 303, back.text
    assert back.headers["location"].startswith(BACK + "?")
    query = parse_qs(urlsplit(back.headers["location"]).query)
    return {name: value for name, (value,) in query.items()}


@pytest_asyncio.fixture(loop_scope="session")
async def browser(gateway: Gateway) -> Any:
    """A console was admitted, an administrator, and a guide of a store."""
    admin = await gateway.as_(Role.ADMIN)
    console = {
        "client_id": "console", "confidential": False, "grants": ["authorization_code"],
        "redirect_uris": [BACK],
    }  # fmt: skip
    made = await gateway.http.post("/v1/clients", json=console, headers=admin)
    assert made.status_code == 201, made.text
    transport = httpx.ASGITransport(gateway.app.app)
    async with httpx.AsyncClient(transport=transport, base_url="https://localhost:8443") as http:
        person = Browser(gateway, http)
        for wish in (
            {"username": "li.wei", "role": "admin"},
            {"username": "guo", "role": "guide", "store": "s-1"},
        ):
            added = await gateway.http.post("/v1/staff", json=wish, headers=admin)
            assert added.status_code == 201, added.text
            person.passwords[wish["username"]] = added.json()["password"]
        yield person


async def enrolled(browser: Browser) -> pyotp.TOTP:
    """A second factor for li.wei."""
    bearer = {"Authorization": f"Bearer {(await browser.tokens())['access_token']}"}
    offer = await browser.http.post("/v1/me/second-factor", headers=bearer)
    assert offer.status_code == 201 and offer.json()["otpauth_uri"].startswith("otpauth://totp/")
    totp = pyotp.TOTP(offer.json()["secret"])
    otp = {"otp": totp.at(browser.gateway.app.db.clock.now())}
    done = await browser.http.post("/v1/me/second-factor/confirm", json=otp, headers=bearer)
    assert done.status_code == 204, done.text
    return totp


async def test_an_independent_client_signs_in_and_goes_on(browser: Browser) -> None:
    metadata = (await browser.http.get("/.well-known/openid-configuration")).json()
    AuthorizationServerMetadata(metadata).validate()
    client = AsyncOAuth2Client(
        "console", redirect_uri=BACK, scope="openid", code_challenge_method="S256",
        token_endpoint_auth_method="none", transport=browser.http._transport,
    )  # fmt: skip
    url, state = client.create_authorization_url(
        metadata["authorization_endpoint"], code_verifier=VERIFIER, nonce="n-1"
    )
    page = await browser.http.get(url)
    assert page.status_code == 200 and 'lang="zh-CN"' in page.text and "登录" in page.text
    back = await browser.sends(page, username="guo", password=browser.passwords["guo"])
    answer = answer_of(back)
    assert answer["state"] == state and answer["iss"] == metadata["issuer"]
    token = await client.fetch_token(
        metadata["token_endpoint"], authorization_response=back.headers["location"],
        code_verifier=VERIFIER,
    )  # fmt: skip
    assert token["scope"] == "guide openid" and token["expires_in"] == 600
    keys = KeySet.import_key_set((await browser.http.get("/.well-known/jwks.json")).json())
    identity = jwt.decode(token["id_token"], keys, algorithms=["ES256"]).claims
    assert identity["aud"] == "console" and identity["nonce"] == "n-1"
    assert identity["iss"] == metadata["issuer"] and identity["sub"] == "staff:guo"
    access = jwt.decode(token["access_token"], keys, algorithms=["ES256"]).claims
    assert (access["role"], access["store"], access["client_id"]) == ("guide", "s-1", "console")
    assert await browser.tries(token["id_token"]) == (401, "token_invalid")
    again = await client.refresh_token(metadata["token_endpoint"])
    assert again["refresh_token"] != token["refresh_token"] and again["scope"] == "guide openid"
    await client.aclose()


async def test_a_refresh_token_that_comes_twice_ends_the_whole_sign_in(
    browser: Browser, start_gateway: Start
) -> None:
    other = await start_gateway()
    first, bystander = await browser.tokens(), await browser.tokens()
    second = (await browser.refreshes(first["refresh_token"])).json()
    third = (await browser.refreshes(second["refresh_token"])).json()
    assert await browser.tries(third["access_token"]) == (200, None)
    stolen = await browser.refreshes(first["refresh_token"])
    assert (stolen.status_code, stolen.json()["error"]) == (400, "invalid_grant")
    for one in (first, second, third):
        assert await browser.tries(one["access_token"]) == (401, "token_revoked")
        assert (await browser.refreshes(one["refresh_token"])).status_code == 400
    assert await browser.tries(bystander["access_token"]) == (200, None)
    headers = {"Authorization": f"Bearer {third['access_token']}"}
    await other.parts.tokens.revocations.poll(other.app.db, other.app.db.clock.now())
    assert (await other.http.get(TRIAL, headers=headers)).json()["code"] == "token_revoked"


async def test_of_two_who_refresh_at_once_one_wins_and_both_are_out(browser: Browser) -> None:
    token = (await browser.tokens())["refresh_token"]
    answers = await asyncio.gather(*(browser.refreshes(token) for _ in range(8)))
    assert sorted(answer.status_code for answer in answers) == [200, *[400] * 7]
    (winner,) = (answer.json() for answer in answers if answer.status_code == 200)
    assert (await browser.refreshes(winner["refresh_token"])).status_code == 400


async def test_refresh_tokens_end_are_revoked_and_belong_to_a_client(
    browser: Browser, clock: DrivenClock
) -> None:
    token = await browser.tokens()
    foreign = await browser.refreshes(token["refresh_token"], client_id="dev-pos")
    assert foreign.status_code == 401
    form = {"token": token["refresh_token"], "client_id": "console"}
    assert (await browser.http.post("/oauth2/revoke", data=form)).status_code == 200
    assert await browser.tries(token["access_token"]) == (401, "token_revoked")
    assert (await browser.refreshes(token["refresh_token"])).status_code == 400
    token = await browser.tokens()
    clock.move(clock.now() + timedelta(hours=12, seconds=1))
    assert (await browser.refreshes(token["refresh_token"])).json()["error"] == "invalid_grant"


async def test_a_code_is_good_once_for_one_client_address_and_challenge(
    browser: Browser, clock: DrivenClock
) -> None:
    back = await browser.signs_in()
    for change in (
        {"code_verifier": VERIFIER + "x"},
        {"code_verifier": ""},
        {"redirect_uri": BACK + "/"},
        {"client_id": "dev-pos"},
        {"code": "x"},
    ):
        refused = await browser.exchanges(back, **change)
        assert refused.status_code in (400, 401), change
        assert refused.json()["error"] in ("invalid_grant", "invalid_request", "invalid_client")
    good = await browser.exchanges(back)
    assert good.status_code == 200
    token = good.json()
    assert (await browser.exchanges(back)).json()["error"] == "invalid_grant"
    assert await browser.tries(token["access_token"]) == (401, "token_revoked")
    assert (await browser.refreshes(token["refresh_token"])).status_code == 400
    late = await browser.signs_in()
    clock.move(clock.now() + timedelta(seconds=61))
    assert (await browser.exchanges(late)).json()["error"] == "invalid_grant"


async def test_what_a_client_must_ask(browser: Browser) -> None:
    for change in (
        {"redirect_uri": BACK + "?x=1"}, {"redirect_uri": BACK.upper()}, {"redirect_uri": None},
        {"redirect_uri": "https://evil.example/"}, {"client_id": "nobody"}, {"client_id": None},
    ):  # fmt: skip
        page = await browser.opens(**change)
        assert page.status_code == 400 and "location" not in page.headers, change
        assert "evil" not in page.text + page.headers["content-security-policy"]
    for change, error in (
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"code_challenge": None}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge_method": None}, "invalid_request"),
        ({"prompt": "none"}, "login_required"),
    ):  # fmt: skip
        answer = answer_of(await browser.opens(**change))
        assert answer["error"] == error and answer["state"] == "st"
        assert answer["iss"] == "https://localhost:8443"


async def test_the_page_is_safe_and_speaks_two_languages(browser: Browser) -> None:
    page = await browser.opens(ui_locales="en", state='"><script>x</script>')
    assert 'lang="en"' in page.text and "Password" in page.text and "<script" not in page.text
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy
    assert "form-action 'self' https://console.example;" in policy
    cookie = page.headers["set-cookie"]
    for flag in ("__Host-", "HttpOnly", "Secure", "SameSite=strict", "Path=/"):
        assert flag in cookie
    password = browser.passwords["li.wei"]
    good = dict(browser.http.cookies)
    browser.http.cookies.clear()  # another browser is lured into sending the form
    forged = await browser.sends(page, username="li.wei", password=password)
    assert forged.status_code == 400 and "location" not in forged.headers
    browser.http.cookies.update(good)
    for ticket in ("", "00", "zz", "ab" * 40):
        form = {"ticket": ticket, "username": "li.wei", "password": password}
        assert (await browser.http.post("/oauth2/authorize", data=form)).status_code == 400


async def test_wrong_passwords_are_few_and_tell_nothing(
    browser: Browser, clock: DrivenClock
) -> None:
    page = await browser.opens()
    wrong = await browser.sends(page, username="li.wei", password="x" * 12)
    unknown = await browser.sends(page, username="nobody", password="x" * 12)
    ticket = re.compile(r'value="\w+"')
    assert wrong.status_code == unknown.status_code == 400
    assert ticket.sub("", wrong.text) == ticket.sub("", unknown.text)
    tries = [await browser.sends(page, username="li.wei", password=f"{n}") for n in range(10)]
    assert tries[-1].status_code == 429
    blocked = await browser.sends(page, username="li.wei", password=browser.passwords["li.wei"])
    assert blocked.status_code == 429, "not even the right one is looked at"
    clock.move(clock.now() + timedelta(minutes=11))
    late = await browser.sends(page, username="guo", password=browser.passwords["guo"])
    assert late.status_code == 400, "the page is too old"


async def test_the_second_factor_steps_up_for_ten_minutes(
    browser: Browser, clock: DrivenClock
) -> None:
    without = answer_of(await browser.signs_in(acr_values="mfa"))
    assert without["error"] == "unmet_authentication_requirements"
    totp = await enrolled(browser)
    clock.move(clock.now() + timedelta(seconds=60))
    page = await browser.signs_in()
    assert page.status_code == 200 and 'name="otp"' in page.text
    assert (await browser.sends(page, otp="000000")).status_code == 400
    otp = totp.at(clock.now())
    token = (await browser.exchanges(await browser.sends(page, otp=otp))).json()
    known = await browser.gateway.parts.tokens.active(token["access_token"])
    assert known and known.principal.stepped_up
    replayed = await browser.sends(await browser.signs_in(), otp=otp)
    assert replayed.status_code == 400, "a code is good once"
    clock.move(clock.now() + timedelta(seconds=590))
    later = (await browser.refreshes(token["refresh_token"])).json()
    plain = await browser.gateway.parts.tokens.active(later["access_token"])
    assert plain and not plain.principal.stepped_up
    clock.move(clock.now() + timedelta(seconds=11))
    assert await browser.tries(token["access_token"]) == (401, "token_expired")
    bearer = {"Authorization": f"Bearer {later['access_token']}"}
    bad = await browser.http.post("/v1/me/step-up", json={"otp": "000000"}, headers=bearer)
    assert (bad.status_code, bad.json()["code"]) == (403, "wrong_code")
    otp = totp.at(clock.now())
    up = await browser.http.post("/v1/me/step-up", json={"otp": otp}, headers=bearer)
    stepped = await browser.gateway.parts.tokens.active(up.json()["access_token"])
    assert stepped and stepped.principal.stepped_up and up.json()["expires_in"] <= 600
    other = await browser.http.post("/v1/me/second-factor", headers=bearer)
    assert other.json()["code"] == "step_up_needed", "who has one shows it before there is another"


async def test_an_account_that_changes_signs_out(browser: Browser) -> None:
    admin = await browser.gateway.as_(Role.ADMIN)
    token = await browser.tokens("guo")
    for change in ({"role": "analyst"}, {"disabled": True}):
        path = "/v1/staff/guo"
        answer = await browser.http.patch(path, json=change, headers=admin)
        assert answer.status_code == 200, answer.text
        assert (await browser.tries(token["access_token"]))[0] == 401
        assert (await browser.refreshes(token["refresh_token"])).status_code == 400
    assert (await browser.signs_in("guo")).status_code == 400
    listed = (await browser.http.get("/v1/staff", headers=admin)).json()["data"]
    assert {one["username"]: one["disabled"] for one in listed} == {"guo": True, "li.wei": False}
    member = {"username": "m", "role": "member"}
    assert (await browser.http.post("/v1/staff", json=member, headers=admin)).status_code == 422
    twice = {"username": "guo", "role": "guide"}
    assert (await browser.http.post("/v1/staff", json=twice, headers=admin)).status_code == 409
    assert (await browser.http.patch("/v1/staff/x", json={}, headers=admin)).status_code == 404


async def test_ones_own_password(browser: Browser) -> None:
    bearer = {"Authorization": f"Bearer {(await browser.tokens())['access_token']}"}
    old, new = browser.passwords["li.wei"], "correct horse battery"
    for body, status in (
        ({"old": "x", "new": new}, 403),
        ({"old": old, "new": "short"}, 422),
        ({"old": old, "new": new}, 204),
    ):
        answer = await browser.http.put("/v1/me/password", json=body, headers=bearer)
        assert answer.status_code == status, answer.text
    assert (await browser.signs_in()).status_code == 400
    browser.passwords["li.wei"] = new
    assert (await browser.signs_in()).status_code == 303
    client = await browser.gateway.as_(Role.POS)
    body = {"old": old, "new": new}
    refused = await browser.http.put("/v1/me/password", json=body, headers=client)
    assert (refused.status_code, refused.json()["code"]) == (409, "no_account")


@pytest.mark.parametrize("offset", [-60, -30, 0, 30, 60])
def test_codes_of_neighbouring_steps_count_once(offset: int) -> None:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    secret = pyotp.random_base32()
    otp = pyotp.TOTP(secret).at(at + timedelta(seconds=offset))
    step = matching_step(secret, otp, at, 0)
    assert (step is not None) is (abs(offset) <= 30)
    if step is not None:
        assert matching_step(secret, otp, at, step) is None


async def test_a_response_type_that_cannot_be_repeated_is_refused(gateway: Gateway) -> None:
    query = {"client_id": "nobody", "response_type": "代\u0016码"}
    answer = await gateway.http.get("/oauth2/authorize", params=query)
    assert answer.status_code == 400 and "代" not in answer.text
