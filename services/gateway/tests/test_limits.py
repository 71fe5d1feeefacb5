"""Buckets in Redis: exact over several gateways, shut where it matters while Redis is away."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from uuid import UUID

import pytest
from services.gateway.tests.conftest import Gateway

from chassis.problem import Problem
from contracts.openapi import operations
from contracts.roles import Role
from gateway_service.access.limits import Bucket, Limits, address
from gateway_service.access.scripts import connect

MEMBER = UUID(int=5)
THEIRS = f"/v1/members/{MEMBER}/points"
NOWHERE = "redis://127.0.0.1:1/0"
Start = Callable[..., Awaitable[Gateway]]


async def test_limits_are_exact_to_one_percent_over_several_gateways(
    redis_url: str, clean: None
) -> None:
    clients = [connect(redis_url) for _ in range(4)]
    calls = Bucket("calls", 500, 5_000)
    gateways = [Limits(client, calls) for client in clients]
    let_in = 0

    async def caller(n: int, offered: int) -> None:
        nonlocal let_in
        for k in range(offered):
            try:
                await gateways[(n + k) % 4].take("till")
            except Problem as problem:
                assert problem.status == 429
            else:
                let_in += 1

    started = time.monotonic()
    await asyncio.gather(*(caller(n, 250) for n in range(40)))  # 10,000 are offered
    fair = calls.burst + calls.per_second * (time.monotonic() - started)
    print(f"offered 10000, let in {let_in}, fair {fair:.0f}")
    assert fair < 9_000, "more must be offered than may pass"
    assert abs(let_in - fair) <= 0.01 * fair
    await gateways[0].take("somebody else")
    for client in clients:
        await client.aclose()


async def test_charges_are_counted_one_by_one(redis_url: str, clean: None) -> None:
    client = connect(redis_url)
    limits, sms = Limits(client, Bucket("calls", 5, 20)), Bucket("sms", 1 / 60, 3)
    for _ in range(3):
        await limits.charge(sms, "number")
    with pytest.raises(Problem) as refused:
        await limits.charge(sms, "number")
    assert refused.value.status == 429
    headers = refused.value.headers
    assert headers["RateLimit-Policy"] == '"sms";q=3;w=180'
    assert headers["RateLimit"] == f'"sms";r=0;t={headers["Retry-After"]}'
    assert 1 <= int(headers["Retry-After"]) <= 60
    await limits.charge(sms, "another number")
    await client.aclose()


async def test_without_redis_ordinary_calls_go_on_and_charges_do_not() -> None:
    client = connect(NOWHERE)
    limits = Limits(client, Bucket("calls", 1, 1))
    for _ in range(50):
        await limits.take("till")
    with pytest.raises(Problem) as refused:
        await limits.charge(None, "till")
    assert (refused.value.status, refused.value.code) == (503, "limits_away")
    await client.aclose()


async def test_without_redis_nobody_signs_in_or_spends_and_reads_go_on(
    gateway: Gateway, start_gateway: Start
) -> None:
    headers = await gateway.as_(Role.POS)
    blind = await start_gateway(REDIS_URL=NOWHERE)
    assert (await blind.http.get(THEIRS, headers=headers)).status_code == 200
    for operation in (each for each in operations() if each.counted):
        path = operation.path.format_map(_Any())
        answer = await blind.http.request(operation.method, path, headers=headers, json={})
        expected = {503} if operation.open or Role.POS in operation.roles else {403}
        assert {answer.status_code} == expected, operation.name
    spending = {each.name for each in operations() if each.counted}
    assert {"POST /oauth2/token", "POST /v1/members/{member_id}/redemptions"} <= spending


class _Any(dict[str, str]):
    def __missing__(self, name: str) -> str:
        return str(MEMBER)


async def test_too_many_calls(start_gateway: Start) -> None:
    gateway = await start_gateway(RATE_LIMIT_PER_SECOND="1", RATE_LIMIT_BURST="3")
    headers = await gateway.as_(Role.POS)
    answers = [await gateway.http.get(THEIRS, headers=headers) for _ in range(6)]
    assert [answer.status_code for answer in answers[:3]] == [200, 200, 200]
    refused = answers[-1]
    assert refused.status_code == 429 and int(refused.headers["retry-after"]) >= 1
    assert refused.json()["code"] == "too_many_calls"
    open_ones = [await gateway.http.get("/.well-known/jwks.json") for _ in range(6)]
    assert open_ones[-1].status_code == 429, "who has no token is counted by address"


@pytest.mark.parametrize(
    ("peer", "forwarded", "proxies", "counted_as"),
    [
        ("192.0.2.7", b"", 0, "192.0.2.7"),
        ("192.0.2.7", b"203.0.113.9", 0, "192.0.2.7"),
        ("192.0.2.7", b"198.51.100.1, 203.0.113.9", 1, "203.0.113.9"),
        ("192.0.2.7", b"198.51.100.1, 203.0.113.9", 2, "198.51.100.1"),
        ("192.0.2.7", b"203.0.113.9", 2, "192.0.2.7"),
        ("2001:db8:1:2:3::4", b"", 0, "2001:db8:1:2::"),
        ("::ffff:192.0.2.7", b"", 0, "192.0.2.7"),
        ("", b"", 0, "unknown"),
    ],
)
def test_addresses(peer: str, forwarded: bytes, proxies: int, counted_as: str) -> None:
    scope = {"client": (peer, 1) if peer else None}
    headers = {b"x-forwarded-for": forwarded} if forwarded else {}
    assert address(scope, headers, proxies) == f"address:{counted_as}"
