"""Tokens, clients, keys, roles and limits on a running gateway."""

import base64
import stat
from collections.abc import Awaitable, Callable
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet
from services.gateway.tests.conftest import Gateway

from chassis.clock import DrivenClock
from contracts import openapi
from contracts.operations import Operation
from contracts.roles import Role
from gateway_service.access.domain import Refusal, basic_user, refusal

MEMBER = UUID(int=5)
THEIRS = f"/v1/members/{MEMBER}/points"
Start = Callable[..., Awaitable[Gateway]]


async def test_dev_clients_are_private_and_survive_a_restart(
    gateway: Gateway, start_gateway: Start
) -> None:
    path = gateway.key_dir / "clients.json"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    before = gateway.clients
    assert set(before["clients"]) == set(Role) and before["write_keys"]["demo"]
    again = await start_gateway()
    assert again.clients == before
    assert await again.token(Role.POS)


async def test_what_development_left_is_worth_nothing_in_production(
    gateway: Gateway, start_gateway: Start, tmp_path_factory: pytest.TempPathFactory
) -> None:
    left = gateway.clients
    keys = tmp_path_factory.mktemp("keys")
    (keys / "root.key").write_bytes((gateway.key_dir / "root.key").read_bytes())
    production = await start_gateway(DEV="false", KEY_DIR=str(keys))
    assert set(production.clients["clients"]) == {"admin"}
    client = left["clients"]["admin"]
    form = {"grant_type": "client_credentials", **client}
    assert (await production.http.post("/oauth2/token", data=form)).status_code == 401
    event = {"userId": "u", "event": "E"}
    key = left["write_keys"]["demo"]
    assert (await production.http.post("/v1/track", json=event, auth=(key, ""))).status_code == 401


async def test_a_token_says_who_and_how_long(gateway: Gateway, clock: DrivenClock) -> None:
    token = await gateway.token(Role.PLANNER)
    keys = (await gateway.http.get("/.well-known/jwks.json")).json()
    claims = jwt.decode(token, KeySet.import_key_set(keys), algorithms=["ES256"]).claims
    assert claims["sub"] == "dev-planner" and claims["role"] == "planner"
    assert claims["exp"] - claims["iat"] == 600
    assert "d" not in keys["keys"][0]
    found = (await gateway.http.get("/.well-known/openid-configuration")).json()
    assert found["issuer"] == claims["iss"]


async def test_a_token_says_where_staff_works_and_that_a_second_factor_was_shown(
    gateway: Gateway,
) -> None:
    for wish, end in (
        ({}, ";;"),
        ({"store": "s;1"}, ";s%3B1;"),
        ({"store": "中央店", "acr_values": "mfa"}, ";%E4%B8%AD%E5%A4%AE%E5%BA%97;1"),
    ):
        token = await gateway.token(Role.GUIDE, None, **wish)
        await gateway.http.get(THEIRS, headers={"Authorization": f"Bearer {token}"})
        assert gateway.inner.last.headers["x-huiyuan-principal"] == f"guide;dev-guide;;{end}"


async def test_credentials_in_the_form(gateway: Gateway) -> None:
    client = gateway.clients["clients"]["pos"]
    form = {"grant_type": "client_credentials", "scope": "pos", **client}
    answer = await gateway.http.post("/oauth2/token", data=form)
    assert answer.status_code == 200 and answer.json()["scope"] == "pos"


@pytest.mark.parametrize(
    ("role", "change", "status", "error"),
    [
        ("pos", {"client_secret": "wrong"}, 401, "invalid_client"),
        ("pos", {"client_id": "nobody"}, 401, "invalid_client"),
        ("pos", {"client_id": ""}, 401, "invalid_client"),
        ("pos", {"grant_type": "password"}, 400, "unsupported_grant_type"),
        ("pos", {"scope": "admin"}, 400, "invalid_scope"),
        ("member", {}, 400, "invalid_request"),
        ("member", {"member_id": "me"}, 400, "invalid_request"),
    ],
)
async def test_oauth_errors(
    gateway: Gateway, role: str, change: dict[str, str], status: int, error: str
) -> None:
    form = {"grant_type": "client_credentials", **gateway.clients["clients"][role], **change}
    answer = await gateway.http.post("/oauth2/token", data=form)
    assert (answer.status_code, answer.json()["error"]) == (status, error)
    assert ("www-authenticate" in answer.headers) is (status == 401)


async def test_without_development_there_is_an_administrator_and_no_dev_route(
    start_gateway: Start, tmp_path_factory: pytest.TempPathFactory
) -> None:
    keys = tmp_path_factory.mktemp("keys")
    gateway = await start_gateway(DEV="false", KEY_DIR=str(keys))
    assert set(gateway.clients["clients"]) == {"admin"} and not gateway.clients["write_keys"]
    admin = await gateway.as_(Role.ADMIN)
    wish = {"client_id": "till-7", "role": "pos"}
    made = await gateway.http.post("/v1/clients", json=wish, headers=admin)
    assert made.status_code == 201 and len(made.json()["client_secret"]) > 40
    again = await gateway.http.post("/v1/clients", json=wish, headers=admin)
    assert again.status_code == 409 and again.json()["code"] == "client_exists"
    key = await gateway.http.post("/v1/write-keys", json={"name": "app"}, headers=admin)
    sent = await gateway.http.post(
        "/v1/track", json={"userId": "u", "event": "E"}, auth=(key.json()["write_key"], "")
    )
    assert sent.status_code == 200
    for method, path in (("POST", "/dev/clock"), ("GET", "/dev/outbox"), ("GET", "/dev/settled")):
        assert (await gateway.http.request(method, path)).status_code == 404
    form = {"grant_type": "client_credentials", "member_id": str(MEMBER)}
    made = await gateway.http.post(
        "/v1/clients", json={"client_id": "m", "role": "member"}, headers=admin
    )
    refused = await gateway.http.post(
        "/oauth2/token", data=form, auth=("m", made.json()["client_secret"])
    )
    assert refused.json()["error"] == "unauthorized_client"


async def test_missing_garbled_foreign_and_expired_tokens(
    gateway: Gateway, clock: DrivenClock
) -> None:
    async def refused(authorization: str | None) -> tuple[int, str, str]:
        headers = {"Authorization": authorization} if authorization is not None else {}
        answer = await gateway.http.get(THEIRS, headers=headers)
        assert answer.headers["content-type"] == "application/problem+json"
        return answer.status_code, answer.json()["code"], answer.headers["www-authenticate"]

    token = await gateway.token(Role.POS)
    assert await refused(None) == (401, "token_missing", "Bearer")
    assert (await refused("Basic abc"))[1] == "token_missing"
    head, claims, signature = token.split(".")
    none = base64.urlsafe_b64encode(b'{"alg":"none"}').rstrip(b"=").decode()
    for garbled in ("x", "a.b.c", token[:-8], f"{head}.{claims}.", f"{none}.{claims}.",
                    f"{head}.{claims[:-4]}AAAA.{signature}"):  # fmt: skip
        assert (await refused(f"Bearer {garbled}"))[:2] == (401, "token_invalid")
    header = {"Authorization": f"Bearer {token}"}
    assert (await gateway.http.get(THEIRS, headers=header)).status_code == 200
    clock.move(clock.now() + timedelta(seconds=601))
    assert (await refused(f"Bearer {token}"))[1] == "token_expired"


async def test_keys_rotate_daily_and_overlap(gateway: Gateway, clock: DrivenClock) -> None:
    async def kids() -> list[str]:
        keys = (await gateway.http.get("/.well-known/jwks.json")).json()["keys"]
        return [key["kid"] for key in keys]

    mark = {"advance_seconds": 1, "ticking": False}  # the first tick only says which day it is
    assert (await gateway.http.post("/dev/clock", json=mark)).status_code == 200
    first = await kids()
    old = await gateway.as_(Role.POS)
    for days in (1, 2, 3):
        move = {"advance_seconds": 86_400, "ticking": False}
        assert (await gateway.http.post("/dev/clock", json=move)).status_code == 200
        assert (await gateway.http.get(THEIRS, headers=old)).status_code == 401
        fresh = await gateway.as_(Role.POS)
        assert (await gateway.http.get(THEIRS, headers=fresh)).status_code == 200
        found = await kids()
        assert 2 <= len(found) <= 3 and (first[0] in found or days > 1)
    assert first[0] not in found


async def test_a_key_made_by_another_gateway_is_found(
    gateway: Gateway, start_gateway: Start
) -> None:
    other = await start_gateway()
    await gateway.http.post("/dev/clock", json={"advance_seconds": 90_000})
    headers = await gateway.as_(Role.POS)
    assert (await other.http.get(THEIRS, headers=headers)).status_code == 200


async def test_roles_and_foreign_members(gateway: Gateway) -> None:
    async def status(role: Role, path: str, me: UUID | None = None) -> tuple[int, str | None]:
        answer = await gateway.http.get(path, headers=await gateway.as_(role, me))
        return answer.status_code, answer.json().get("code")

    assert await status(Role.MEMBER, THEIRS, MEMBER) == (200, None)
    assert await status(Role.MEMBER, THEIRS.replace("-", "%2D"), MEMBER) == (200, None)
    assert await status(Role.MEMBER, THEIRS, uuid4()) == (403, "foreign_member")
    assert await status(Role.MEMBER, "/v1/members/me/points", MEMBER) == (403, "foreign_member")
    sneaky = f"/v1/members/{MEMBER}%2F..%2F{uuid4()}/points"
    assert await status(Role.MEMBER, sneaky, MEMBER) == (403, "foreign_member")
    assert await status(Role.ANALYST, THEIRS) == (403, "role_not_allowed")
    assert await status(Role.POS, "/v1/ledger/trial-balance") == (403, "role_not_allowed")
    assert await status(Role.POS, "/v1/nothing") == (404, "not_found")
    assert await status(Role.POS, "/v1/orders") == (405, "method_not_allowed")


@pytest.mark.parametrize("operation", openapi.operations(), ids=lambda operation: operation.name)
def test_the_role_table_is_what_counts(operation: Operation) -> None:
    own = {name: str(MEMBER) for name in ("member_id",) if f"{{{name}}}" in operation.path}
    for role in Role:
        expected = None if role in operation.roles else Refusal.ROLE
        assert refusal(operation, role, MEMBER, own) == expected
    if own and operation.own and Role.MEMBER in operation.roles:
        assert refusal(operation, Role.MEMBER, uuid4(), own) is Refusal.FOREIGN


def test_basic() -> None:
    assert basic_user("Basic " + base64.b64encode(b"key:").decode()) == ("key", "")
    for wrong in ("", "Bearer x", "Basic", "Basic ???", "Basic " + base64.b64encode(b"k").decode()):
        assert basic_user(wrong) is None
