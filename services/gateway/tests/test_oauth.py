"""Access tokens: what is refused, how they end, and that every gateway hears of it."""

import base64
import hmac
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import msgspec
import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet
from services.gateway.tests.conftest import Gateway

from contracts.roles import Role
from gateway_service.access.domain import Holder
from testkit import eventually

MEMBER = UUID(int=5)
THEIRS = f"/v1/members/{MEMBER}/points"
Start = Callable[..., Awaitable[Gateway]]


def claims_of(token: str) -> dict[str, Any]:
    part = token.split(".")[1]
    return msgspec.json.decode(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))  # type: ignore[no-any-return]


async def status(gateway: Gateway, token: str) -> tuple[int, str | None]:
    answer = await gateway.http.get(THEIRS, headers={"Authorization": f"Bearer {token}"})
    return answer.status_code, answer.json().get("code")


async def test_tokens_that_are_not_ours(gateway: Gateway) -> None:
    good = await gateway.token(Role.POS)
    ring = gateway.parts.tokens.ring
    claims = claims_of(good)
    (jwk,) = (await gateway.http.get("/.well-known/jwks.json")).json()["keys"]
    published = ECKey.import_key(jwk)
    foreign = ECKey.generate_key("P-256", {"kid": jwk["kid"]})
    now = claims["iat"]

    def b64(content: object) -> str:
        return base64.urlsafe_b64encode(msgspec.json.encode(content)).rstrip(b"=").decode()

    def hs256(key: bytes, **header: Any) -> str:
        head = {"alg": "HS256", "typ": "at+jwt", "kid": jwk["kid"], **header}
        signed = f"{b64(head)}.{b64(claims)}"  # by hand: a library refuses to do it
        digest = hmac.digest(key, signed.encode(), "sha256")
        return f"{signed}.{base64.urlsafe_b64encode(digest).rstrip(b'=').decode()}"

    def es256(**header: Any) -> str:
        return jwt.encode({"alg": "ES256", "typ": "at+jwt", **header}, claims, foreign)

    attacks = {
        "alg none": f"{b64({'alg': 'none', 'typ': 'at+jwt'})}.{b64(claims)}.",
        "alg None": f"{b64({'alg': 'NoNe', 'typ': 'at+jwt'})}.{b64(claims)}.",
        "key confusion, PEM": hs256(published.as_pem(private=False)),
        "key confusion, JWK": hs256(msgspec.json.encode(jwk)),
        "another key of that name": es256(kid=jwk["kid"]),
        "a key in the header": es256(kid="x", jwk=foreign.as_dict(private=False)),
        "a key by address": es256(kid="x", jku="https://evil.example/jwks.json"),
        "a path as key name": es256(kid="../../dev/null"),
        "no signature": good.rpartition(".")[0] + ".",
        "another signature": good.rpartition(".")[0] + "." + "A" * 86,
        "another role": ".".join(
            [good.split(".")[0], b64({**claims, "role": "admin"}), good.split(".")[2]]
        ),
        "another issuer": ring.sign({**claims, "iss": "https://evil.example"}, "at+jwt"),
        "another audience": ring.sign({**claims, "aud": "another"}, "at+jwt"),
        "an audience among others": ring.sign({**claims, "aud": ["huiyuan", "x"]}, "at+jwt"),
        "an ID token": ring.sign(claims, "JWT"),
        "no type": ring.sign(claims, ""),
        "no expiry": ring.sign({k: v for k, v in claims.items() if k != "exp"}, "at+jwt"),
        "no name": ring.sign({k: v for k, v in claims.items() if k != "jti"}, "at+jwt"),
        "an unknown role": ring.sign({**claims, "role": "root"}, "at+jwt"),
    }
    for attack, token in attacks.items():
        assert await status(gateway, token) == (401, "token_invalid"), attack
    expired = ring.sign({**claims, "exp": now}, "at+jwt")
    assert await status(gateway, expired) == (401, "token_expired")
    assert await status(gateway, good) == (200, None)


async def test_a_revoked_token_ends_at_every_gateway(
    gateway: Gateway, start_gateway: Start
) -> None:
    other = await start_gateway()
    token, kept = await gateway.token(Role.POS), await gateway.token(Role.POS)
    for each in (gateway, other):  # both have it among those they know
        assert await status(each, token) == (200, None)
    client = gateway.clients["clients"]["pos"]
    answer = await gateway.http.post("/oauth2/revoke", data={"token": token, **client})
    assert answer.status_code == 200
    assert await status(gateway, token) == (401, "token_revoked")

    async def heard() -> bool:
        return await status(other, token) == (401, "token_revoked")

    await eventually(heard, timeout=5, says="the other gateway still takes it after 5 s")
    assert await status(other, kept) == (200, None)
    third = await start_gateway()
    assert await status(third, token) == (401, "token_revoked"), "one that starts later knows"


async def test_only_whose_it_is_may_revoke_a_token(gateway: Gateway) -> None:
    token = await gateway.token(Role.POS)
    guide, pos = (gateway.clients["clients"][role] for role in ("guide", "pos"))
    foreign = await gateway.http.post("/oauth2/revoke", data={"token": token, **guide})
    assert foreign.status_code == 200, "and it does not learn whether there is such a token"
    assert await status(gateway, token) == (200, None)
    nonsense = await gateway.http.post("/oauth2/revoke", data={"token": "x", **pos})
    assert nonsense.status_code == 200
    for form, error in (
        ({"token": token}, "invalid_client"),
        ({"token": token, **pos, "client_secret": "x"}, "invalid_client"),
        (pos, "invalid_request"),
    ):
        refused = await gateway.http.post("/oauth2/revoke", data=form)
        assert refused.json()["error"] == error


async def test_introspection_tells_the_client_itself_and_who_runs_the_platform(
    gateway: Gateway,
) -> None:
    token = await gateway.token(Role.POS)
    clients = gateway.clients["clients"]

    async def seen_by(role: str, what: str = token) -> dict[str, Any]:
        form = {"token": what, **clients[role]}
        found: dict[str, Any] = (await gateway.http.post("/oauth2/introspect", data=form)).json()
        return found

    known = await seen_by("pos")
    assert known["active"] and known["sub"] == "dev-pos" and known["role"] == "pos"
    assert known["exp"] - known["iat"] == 600 and known["iss"] == "https://localhost:8443"
    assert (await seen_by("admin"))["active"]
    assert await seen_by("guide") == {"active": False}
    assert await seen_by("admin", "x") == {"active": False}
    await gateway.http.post("/oauth2/revoke", data={"token": token, **clients["pos"]})
    assert await seen_by("pos") == {"active": False}
    anonymous = await gateway.http.post("/oauth2/introspect", data={"token": token})
    assert anonymous.status_code == 401


async def test_a_client_that_is_put_out_takes_its_tokens_along(gateway: Gateway) -> None:
    admin = await gateway.as_(Role.ADMIN)
    wish = {"client_id": "till-7", "role": "pos", "store": "s-1"}
    made = (await gateway.http.post("/v1/clients", json=wish, headers=admin)).json()
    form = {"grant_type": "client_credentials"}
    auth = (made["client_id"], made["client_secret"])
    token = (await gateway.http.post("/oauth2/token", data=form, auth=auth)).json()["access_token"]
    assert claims_of(token)["store"] == "s-1"
    assert await status(gateway, token) == (200, None)
    assert "till-7" in (await gateway.http.get("/v1/clients", headers=admin)).text
    gone = await gateway.http.delete("/v1/clients/till-7", headers=admin)
    assert gone.status_code == 204
    assert await status(gateway, token) == (401, "token_revoked")
    assert (await gateway.http.post("/oauth2/token", data=form, auth=auth)).status_code == 401
    assert (await gateway.http.delete("/v1/clients/till-7", headers=admin)).status_code == 404


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"role": None}, "/role"),
        ({"confidential": False}, "/confidential"),
        ({"grants": ["refresh_token"]}, "/grants"),
        ({"grants": ["authorization_code"]}, "/redirect_uris"),
        ({"grants": ["authorization_code"], "role": "partner",
          "redirect_uris": ["https://a.example/"]}, "/role"),
        ({"grants": ["urn:huiyuan:grant:sms-otp"]}, "/role"),
        *(({"redirect_uris": ["https://a.example/", uri]}, "/redirect_uris/1") for uri in (
            "http://a.example/", "https://*.example/", "https://a.example/#x", "javascript:x()",
            "https:///x", "custom:/x", "//a.example", "data:text/html,x", "https://[")),
        ({"grants": ["password"]}, "/grants/0"),
    ],
)  # fmt: skip
async def test_unfit_clients(gateway: Gateway, change: dict[str, Any], pointer: str) -> None:
    wish = {"client_id": "new", "role": "pos", **change}
    admin = await gateway.as_(Role.ADMIN)
    answer = await gateway.http.post("/v1/clients", json=wish, headers=admin)
    assert answer.status_code == 422, answer.text
    assert answer.json()["errors"][0]["pointer"] == pointer


async def test_a_form_with_a_field_twice_or_no_form(gateway: Gateway) -> None:
    for body in (b"grant_type=x&grant_type=y", b"\xff\xfe", b"a=" + b"&a=".join([b"1"] * 40)):
        answer = await gateway.http.post("/oauth2/token", content=body)
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")
    garbled = {"Authorization": "Basic " + base64.b64encode(b"\xff:x").decode()}
    answer = await gateway.http.post(
        "/oauth2/token", data={"grant_type": "client_credentials"}, headers=garbled
    )
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")


async def test_errors_do_not_repeat_what_was_sent(gateway: Gateway) -> None:
    for form in (
        {"grant_type": "13800138000"},
        {"grant_type": "authorization_code", "client_id": "13800138000"},
        {"grant_type": "client_credentials", "client_id": "13800138000", "client_secret": "x"},
    ):
        answer = await gateway.http.post("/oauth2/token", data=form)
        assert answer.status_code in (400, 401) and "13800138000" not in answer.text


async def test_a_public_client_cannot_act_by_itself(gateway: Gateway) -> None:
    admin = await gateway.as_(Role.ADMIN)
    wish = {
        "client_id": "console", "confidential": False, "grants": ["authorization_code"],
        "redirect_uris": ["https://console.example/back"],
    }  # fmt: skip
    made = await gateway.http.post("/v1/clients", json=wish, headers=admin)
    assert made.status_code == 201 and made.json()["client_secret"] is None
    for form in ({"client_id": "console"}, {"client_id": "console", "client_secret": "x"}):
        answer = await gateway.http.post(
            "/oauth2/token", data={"grant_type": "client_credentials", **form}
        )
        assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")


def test_keys_are_published_without_their_private_half(gateway: Gateway) -> None:
    ring = gateway.parts.tokens.ring
    token = gateway.parts.tokens.issue("c", Holder(Role.POS, "c")).token
    keys = KeySet([ECKey.import_key({**key}) for key in ring.public])
    known = jwt.decode(token, keys, algorithms=["ES256"])
    assert known.header["typ"] == "at+jwt" and known.claims["client_id"] == "c"
    assert all("d" not in key for key in ring.public)
