"""Signed requests: what passes, what does not, and that none passes twice."""

import asyncio
import os
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
import pytest_asyncio
from http_message_signatures import (
    ContentDigest,
    HTTPMessageSigner,
    HTTPSignatureKeyResolver,
    algorithms,
)
from joserfc.jwk import ECKey, OctKey, OKPKey
from services.gateway.tests.conftest import Gateway

from chassis.clock import DrivenClock
from chassis.problem import Problem
from contracts.openapi import operations
from contracts.roles import Role
from gateway_service.signatures.domain import lacking
from gateway_service.signatures.nonces import Nonces
from gateway_service.signatures.verify import Signatures

MEMBER = UUID(int=5)
REDEEM = f"/v1/members/{MEMBER}/redemptions"
HOLDS = f"/v1/members/{MEMBER}/points/holds"
URL = "https://localhost:8443"
ALL = ("@method", "@target-uri", "content-digest")
BODY = b'{"points":100}'
REPLAYED = 10_000
SIGNED = REPLAYED if os.environ.get("TEST_LONG") else 1_000
Start = Callable[..., Awaitable[Gateway]]


@dataclass
class Message:
    """What the library signs."""

    method: str
    url: str
    headers: dict[str, str] = field(default_factory=dict)


class Keys(HTTPSignatureKeyResolver):
    """A partner's own."""

    def __init__(self, key: Any) -> None:
        self._key = key

    def resolve_private_key(self, key_id: str) -> Any:
        return self._key


@dataclass
class Partner:
    """A programme that signs."""

    gateway: Gateway
    clock: DrivenClock
    key: OKPKey | ECKey
    key_id: str = "miles-1"
    secret: str = ""
    count: int = 0

    def signed(
        self, method: str = "POST", target: str = REDEEM, body: bytes = BODY, *,
        covered: tuple[str, ...] = ALL, age: float = 0, **params: Any,
    ) -> dict[str, str]:  # fmt: skip
        """Headers of a signed request."""
        self.count += 1
        message = Message(method, URL + target)
        if body:
            message.headers["Content-Digest"] = ContentDigest.create(body)
        kind = algorithms.ED25519 if isinstance(self.key, OKPKey) else algorithms.ECDSA_P256_SHA256
        HTTPMessageSigner(signature_algorithm=kind, key_resolver=Keys(self.key.private_key)).sign(
            message,
            **{
                "key_id": self.key_id,
                "created": self.clock.now() - timedelta(seconds=age),
                "nonce": f"nonce-of-some-length-{self.count}",
                "covered_component_ids": covered,
                "use_existing_digest": bool(body),
                **params,
            },
        )
        return message.headers

    async def sends(
        self, headers: dict[str, str], body: bytes = BODY, method: str = "POST",
        target: str = REDEEM, gateway: Gateway | None = None,
    ) -> tuple[int, str | None]:  # fmt: skip
        """Status and code of the answer."""
        http = (gateway or self.gateway).http
        answer = await http.request(method, target, content=body, headers=headers)
        return answer.status_code, answer.json().get("code")

    async def admits(self, key_id: str, jwk: dict[str, Any]) -> tuple[int, str | None]:
        """An administrator adds a key."""
        answer = await self.gateway.http.post(
            "/v1/clients/miles/keys", json={"key_id": key_id, "public_jwk": jwk},
            headers=await self.gateway.as_(Role.ADMIN),
        )  # fmt: skip
        return answer.status_code, answer.json().get("code")


@pytest_asyncio.fixture(loop_scope="session")
async def partner(gateway: Gateway, clock: DrivenClock) -> Partner:
    """Admitted, with an Ed25519 key."""
    wish = {"client_id": "miles", "role": "partner"}
    made = await gateway.http.post("/v1/clients", json=wish, headers=await gateway.as_(Role.ADMIN))
    partner = Partner(gateway, clock, OKPKey.generate_key("Ed25519"))
    partner.secret = made.json()["client_secret"]
    public = dict(partner.key.as_dict(private=False))
    assert await partner.admits("miles-1", public) == (201, None)
    clock.move(clock.now() + timedelta(seconds=5))  # nonces are remembered since before
    return partner


async def test_a_signed_request_comes_from_its_partner(partner: Partner) -> None:
    seen = partner.gateway.inner
    assert await partner.sends(partner.signed()) == (200, None)
    assert seen.last.headers["x-huiyuan-principal"] == "partner;miles;;;;"
    assert seen.last.body == BODY
    in_parts = ("@method", "@path", "@query", "content-digest")
    assert await partner.sends(partner.signed(covered=in_parts)) == (200, None)
    without_query = ("@method", "@path", "content-digest")
    assert await partner.sends(partner.signed(covered=without_query)) == (200, None)
    target = f"/v1/members/{MEMBER}/points/holds/{MEMBER}"
    read = partner.signed("GET", target, b"", covered=("@method", "@target-uri"))
    assert await partner.sends(read, b"", "GET", target) == (200, None)
    dry = REDEEM + "?dry_run=true"
    assert await partner.sends(partner.signed(target=dry), target=dry) == (200, None)


async def test_every_operation_of_a_partner_takes_a_signature(partner: Partner) -> None:
    theirs = [each for each in operations() if Role.PARTNER in each.roles]
    assert len(theirs) > 10
    for each in theirs:
        target = each.path.format_map(_Any())
        body = b"" if each.method in ("GET", "DELETE") else b"{}"
        covered = ALL if body else ALL[:2]
        headers = partner.signed(each.method, target, body, covered=covered)
        status, _ = await partner.sends(headers, body, each.method, target)
        assert status not in (401, 403), each.name
    foreign = partner.signed("GET", "/v1/clients", b"", covered=ALL[:2])
    assert await partner.sends(foreign, b"", "GET", "/v1/clients") == (403, "role_not_allowed")


class _Any(dict[str, str]):
    def __missing__(self, name: str) -> str:
        return str(MEMBER)


async def test_what_a_signature_must_cover_and_say(partner: Partner) -> None:
    async def refused(code: str, headers: dict[str, str], **sent: Any) -> None:
        before = len(partner.gateway.inner.seen)
        assert await partner.sends(headers, **sent) == (401, code)
        assert len(partner.gateway.inner.seen) == before

    dry = REDEEM + "?dry_run=true"
    for covered in (ALL[1:], ("@method", "content-digest"), ("@authority", "content-digest")):
        await refused("signature_incomplete", partner.signed(covered=covered))
    half = ("@method", "@path", "content-digest")
    await refused("signature_incomplete", partner.signed(covered=half), target=dry)
    await refused("digest_invalid", partner.signed(covered=ALL[:2]))
    await refused("digest_invalid", partner.signed(), body=b'{"points":999}')
    await refused("digest_invalid", partner.signed(), body=b"")
    await refused("signature_invalid", partner.signed(), target=dry)
    await refused("signature_invalid", partner.signed("GET", HOLDS), target=HOLDS)
    await refused("signature_expired", partner.signed(age=301))
    await refused("signature_expired", partner.signed(age=-31))
    just_now = partner.clock.now() - timedelta(seconds=1)
    await refused("signature_expired", partner.signed(age=9, expires=just_now))
    await refused("signature_invalid", {**partner.signed(), "Signature": "pyhms=:AAAA:"})
    await refused("signature_incomplete", partner.signed(nonce="short"))
    await refused("signature_incomplete", partner.signed(nonce="n" * 129))
    await refused("signature_invalid", partner.signed(key_id="nobody"))
    for broken in ("", "x", "a=1", 'a=("@method")', "a=();keyid=1", 'a=(;keyid="miles-1"', "é"):
        headers = {**partner.signed(), "Signature-Input": broken}
        await refused("signature_invalid", {k: v.encode("latin-1") for k, v in headers.items()})  # type: ignore[misc]
    digest = {**partner.signed(), "Content-Digest": ContentDigest.create(b"other")}
    await refused("signature_invalid", digest)


async def test_a_key_of_another_kind_does_not_count(partner: Partner) -> None:
    stolen = partner.key
    for other in (OKPKey.generate_key("Ed25519"), ECKey.generate_key("P-256")):
        partner.key = other
        assert await partner.sends(partner.signed()) == (401, "signature_invalid")
    public = dict(stolen.as_dict(private=False))
    message = Message("POST", URL + REDEEM, {"Content-Digest": ContentDigest.create(BODY)})
    secret = HTTPMessageSigner(
        signature_algorithm=algorithms.HMAC_SHA256, key_resolver=Keys(str(public["x"]).encode())
    )
    secret.sign(
        message, key_id="miles-1", created=partner.clock.now(), nonce="n" * 20,
        covered_component_ids=ALL, use_existing_digest=True,
    )  # fmt: skip
    assert await partner.sends(message.headers) == (401, "signature_invalid")


async def test_two_keys_are_good_while_one_takes_over(partner: Partner) -> None:
    old, new = partner.key, ECKey.generate_key("P-256")
    public = dict(new.as_dict(private=False))
    private = dict(new.as_dict(private=True))
    assert await partner.admits("miles-2", private) == (422, "private_key")
    assert await partner.admits("miles-2", public) == (201, None)
    assert await partner.admits("miles-2", public) == (409, "two_keys")
    third = dict(OKPKey.generate_key("Ed25519").as_dict(private=False))
    assert await partner.admits("miles-3", third) == (409, "two_keys")
    assert await partner.sends(partner.signed()) == (200, None)
    partner.key, partner.key_id = new, "miles-2"
    assert await partner.sends(partner.signed()) == (200, None)
    admin = await partner.gateway.as_(Role.ADMIN)
    gone = await partner.gateway.http.delete("/v1/clients/miles/keys/miles-1", headers=admin)
    assert gone.status_code == 204
    partner.gateway.parts.signatures._known.clear()  # as after two seconds
    partner.key, partner.key_id = old, "miles-1"
    assert await partner.sends(partner.signed()) == (401, "signature_invalid")
    listed = await partner.gateway.http.get("/v1/clients/miles/keys", headers=admin)
    assert [key["key_id"] for key in listed.json()["data"]] == ["miles-2"]
    for jwk in ({"kty": "RSA"}, {"kty": "OKP", "crv": "Ed448", "x": "x"}, {},
                dict(ECKey.generate_key("P-384").as_dict(private=False)),
                dict(OctKey.generate_key(256).as_dict(private=True))):  # fmt: skip
        assert (await partner.admits("miles-4", jwk))[0] == 422


async def test_a_token_and_a_signature_must_be_of_one_partner(partner: Partner) -> None:
    other = await partner.gateway.as_(Role.PARTNER)
    assert await partner.sends({**other, **partner.signed()}) == (401, "signature_invalid")
    form = {"grant_type": "client_credentials"}
    granted = await partner.gateway.http.post(
        "/oauth2/token", data=form, auth=("miles", partner.secret)
    )
    own = {"Authorization": f"Bearer {granted.json()['access_token']}"}
    assert await partner.sends({**own, **partner.signed()}) == (200, None)
    assert await partner.sends({**own, **partner.signed()}, b"{}") == (401, "digest_invalid")
    assert await partner.sends({**own}) == (200, None)
    staff = await partner.gateway.as_(Role.POS)
    proxied = {**staff, "Signature-Input": "proxy=()", "Signature": "proxy=:AAAA:"}
    assert await partner.sends(proxied) == (200, None), "somebody in between signs for himself"


async def test_of_signed_requests_sent_again_none_is_taken(
    partner: Partner, start_gateway: Start
) -> None:
    """The head of each is checked at two gateways at once, by what their front doors ask.

    A signature takes 0.8 ms to check, so all ten thousand are signed with TEST_LONG only.
    """
    other = await start_gateway()
    doors = [partner.gateway.parts.signatures, other.parts.signatures]
    message = partner.signed
    heads = [{k.lower().encode(): v.encode() for k, v in message().items()} for _ in range(SIGNED)]
    taken = refused = 0

    async def sent(door: Signatures, head: dict[bytes, bytes]) -> None:
        nonlocal taken, refused
        try:
            await door.caller("POST", REDEEM.encode(), b"", head)
        except Problem as problem:
            assert problem.code == "nonce_used"
            refused += 1
        else:
            taken += 1

    started = time.perf_counter()
    for first in range(0, SIGNED, 500):
        some = heads[first : first + 500]
        await asyncio.gather(*(sent(door, head) for head in some for door in doors))
    print(f"{2 * SIGNED} in {time.perf_counter() - started:.1f} s: {taken} taken")
    assert (taken, refused) == (SIGNED, SIGNED)


async def test_of_ten_thousand_nonces_none_is_used_twice(
    partner: Partner, start_gateway: Start
) -> None:
    other = await start_gateway()
    now = partner.clock.now().timestamp()
    asked = [
        each.parts.signatures.nonces.use("miles-1", f"nonce-number-{n:08}", int(now), now)
        for n in range(REPLAYED)
        for each in (partner.gateway, other)
    ]
    answers = await asyncio.gather(*asked)
    assert (answers.count(1), answers.count(0)) == (REPLAYED, REPLAYED)


async def test_without_redis_no_signature_passes(partner: Partner, start_gateway: Start) -> None:
    blind = await start_gateway(REDIS_URL="redis://127.0.0.1:1/0")
    answer = await partner.sends(partner.signed(), gateway=blind)
    assert answer == (503, "limits_away")


async def test_an_emptied_redis_does_not_make_old_requests_good_again(partner: Partner) -> None:
    headers = partner.signed()
    assert await partner.sends(headers) == (200, None)
    await partner.gateway.parts.redis.flushdb()
    partner.clock.move(partner.clock.now() + timedelta(seconds=2))
    assert await partner.sends(headers) == (401, "signature_expired")
    partner.clock.move(partner.clock.now() + timedelta(seconds=2))
    assert await partner.sends(headers) == (401, "signature_expired")
    assert await partner.sends(partner.signed()) == (200, None)


async def test_nonces_are_of_a_key(partner: Partner) -> None:
    nonces: Nonces = partner.gateway.parts.signatures.nonces
    now = partner.clock.now().timestamp()
    assert [await nonces.use(key, "n" * 20, int(now), now) for key in "aab"] == [1, 0, 1]


@pytest.mark.parametrize(
    ("covered", "query", "missing"),
    [
        ({'"@target-uri"'}, False, "@method"),
        ({'"@method"', '"@target-uri"'}, True, None),
        ({'"@method"', '"@path"'}, False, None),
        ({'"@method"', '"@path"'}, True, "@query"),
        ({'"@method"', '"@path"', '"@query"'}, True, None),
        ({'"@method"', '"@query"'}, True, "@target-uri"),
        ({'"@method"', '"@path";req'}, False, "@target-uri"),
    ],
)
def test_coverage(covered: set[str], query: bool, missing: str | None) -> None:
    assert lacking(covered, query=query) == missing
