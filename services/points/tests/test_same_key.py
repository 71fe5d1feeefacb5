"""Same key, same body: same answer. Another body: 422. Still in flight: 409. Of every operation."""

import asyncio
from typing import Any

import httpx
from services.points.tests.conftest import Shop
from services.points.tests.keyed import KEYED, Keyed

from contracts.operations import Operation
from contracts.points import OPERATIONS
from testkit import eventually
from testkit.never_wrong import Tally

WAITS = "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'idempotency'::regclass"


async def test_a_key_stands_for_one_call(shop: Shop) -> None:
    operations = {each.name: each for each in OPERATIONS if each.idempotent}
    assert set(KEYED) == set(operations)
    with Tally() as tally:
        for name, prepare in KEYED.items():
            wrong = await _tried(shop, operations[name], await prepare(shop))
            tally.add("same key: same answer, 422, 409", 4, len(wrong))
            assert wrong == [], name
        await shop.check_books()


async def _tried(shop: Shop, operation: Operation, asked: Keyed) -> list[str]:
    """What is wrong with an operation."""
    path = operation.path.format(**asked.path)

    async def call(body: dict[str, Any] | None) -> httpx.Response:
        headers = {"Idempotency-Key": "k"}
        return await shop.client.request(operation.method, path, json=body, headers=headers)

    first, meanwhile = await _in_flight(shop, lambda: call(asked.body))
    again, other = await call(asked.body), await call(asked.other)
    told = {
        "answered": first.status_code == operation.status,
        "in flight": _code(meanwhile) == (409, "still_running"),
        "again": (again.status_code, again.content) == (first.status_code, first.content),
        "other body": _code(other) == (422, "idempotency_key_reused"),
    }
    return [f"{name}: {first.text}" for name, right in told.items() if not right]


async def _in_flight(shop: Shop, call: Any) -> tuple[httpx.Response, httpx.Response]:
    """The first call's answer, and that of a second one while the first could not commit."""
    db = shop.running.db

    async def waits() -> bool:
        async with db.transaction(readonly=True) as tx:
            return bool(await tx.fetchval(WAITS))

    async with db.transaction() as tx:
        await tx.execute("LOCK TABLE idempotency IN SHARE MODE")
        first = asyncio.create_task(call())
        await eventually(lambda: first.done() or waits())
        meanwhile = await call()
    return await first, meanwhile


def _code(answer: httpx.Response) -> tuple[int, str | None]:
    return answer.status_code, answer.json().get("code")
