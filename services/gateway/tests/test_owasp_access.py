"""OWASP API Security Top 10 (2023), as far as it is about who calls and how much.

What has a file of its own is tested there: forged tokens (test_oauth), passwords, codes and stolen
refresh tokens (test_sign_in), one-time codes (test_login), replays (test_signatures), buckets
(test_limits).
"""

import asyncio
from collections.abc import Awaitable, Callable
from uuid import UUID

import pytest
from services.gateway.tests.conftest import Gateway

from contracts.openapi import operations
from contracts.operations import Operation
from contracts.roles import Role
from gateway_service.staff import passwords

MEMBER = UUID(int=5)
Start = Callable[..., Awaitable[Gateway]]
# Without a token, and why: each is harmless, or asks for something else that proves who calls.
OPEN = {
    "/oauth2/token": "the client shows its own credentials, or what was granted",
    "/oauth2/revoke": "the client shows its own credentials",
    "/oauth2/introspect": "the client shows its own credentials",
    "/oauth2/authorize": "the page where somebody signs in",
    "/v1/login/codes": "before a member signs in; costs and is counted",
    "/.well-known/": "public keys and addresses",
    "/openapi.json": "what is documented",
    "/v1/notices": "what members are told",
    "/v1/rules/public": "what members are told",
    "/l/": "a link in a message carries its own token",
    "/u/": "one tap, no login",
    "/s/": "a link to a survey carries its own token",
    "/v1/receipts/": "a provider's receipts, by a secret address",
}


class _Any(dict[str, str]):
    def __missing__(self, name: str) -> str:
        return str(MEMBER)


def target(operation: Operation) -> str:
    return operation.path.format_map(_Any())


async def test_api2_every_operation_asks_who_calls(gateway: Gateway) -> None:
    token = await gateway.token(Role.ADMIN)
    for each in operations():
        if each.open:
            collected = "Collect" in each.tags  # with a write key
            assert collected or each.dev_only or each.path.startswith(tuple(OPEN)), each.name
            continue
        before = len(gateway.inner.seen)
        for headers, query in (
            ({}, ""),
            ({}, f"?access_token={token}"),  # RFC 9700: never in an address
            ({"X-Huiyuan-Principal": "admin;x;;;;1"}, ""),
            ({"Authorization": f"Basic {token}"}, ""),
            ({"Cookie": f"access_token={token}"}, ""),
        ):
            answer = await gateway.http.request(
                each.method, target(each) + query, headers=headers, json={}
            )
            assert answer.status_code == 401, each.name
            assert answer.headers["www-authenticate"].startswith("Bearer")
        assert len(gateway.inner.seen) == before, "nothing behind the gateway hears of it"


async def test_api2_there_is_no_password_grant(gateway: Gateway) -> None:
    admin = gateway.clients["clients"]["admin"]
    for grant in ("password", "implicit", "urn:ietf:params:oauth:grant-type:jwt-bearer"):
        form = {"grant_type": grant, "username": "x", "password": "y", **admin}
        answer = await gateway.http.post("/oauth2/token", data=form)
        assert answer.json()["error"] == "unsupported_grant_type"
    found = (await gateway.http.get("/.well-known/openid-configuration")).json()
    assert "password" not in found["grant_types_supported"]
    assert found["response_types_supported"] == ["code"]


async def test_api2_what_development_may_say_counts_nowhere_else(
    start_gateway: Start, tmp_path_factory: pytest.TempPathFactory
) -> None:
    keys = str(tmp_path_factory.mktemp("keys"))
    gateway = await start_gateway(DEV="false", KEY_DIR=keys)
    wish = {"store": "s-1", "acr_values": "mfa"}
    token = await gateway.token(Role.ADMIN, MEMBER, **wish)
    known = await gateway.parts.tokens.active(token)
    assert known is not None
    assert (known.principal.store, known.principal.member_id) == (None, None)
    assert not known.principal.stepped_up


async def test_api4_nothing_grows_without_bound(start_gateway: Start) -> None:
    gateway = await start_gateway(MAX_BODY_BYTES="1000")
    headers = await gateway.as_(Role.ADMIN)
    large = await gateway.http.post("/v1/staff", content=b"x" * 1001, headers=headers)
    assert large.status_code == 413
    form = "&".join(f"f{n}=x" for n in range(100))
    assert (await gateway.http.post("/oauth2/token", content=form)).status_code == 400
    roomy = await start_gateway()
    headers = await roomy.as_(Role.POS)
    body = {"old": "x" * 257, "new": "y" * 20}
    answer = await roomy.http.put("/v1/me/password", json=body, headers=headers)
    assert answer.status_code == 422, "what is hashed has a length"
    wish = {"client_id": "c", "redirect_uris": [f"https://a.example/{n}" for n in range(17)]}
    admin = await roomy.as_(Role.ADMIN)
    assert (await roomy.http.post("/v1/clients", json=wish, headers=admin)).status_code == 422


async def test_api4_passwords_are_hashed_a_few_at_a_time() -> None:
    waiting = [asyncio.create_task(passwords.matches(None, "x")) for _ in range(6)]
    await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    assert sum(task.done() for task in waiting) <= 2, "64 MiB and a core each"
    assert not any(await asyncio.gather(*waiting))
