"""The clock that moves everywhere at once, and waiting for rest."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import msgspec
import pytest
from services.gateway.tests.conftest import Gateway
from services.gateway.tests.inner import Inner

from chassis.clock import DrivenClock
from contracts.events import MessageSent, OrdersCollected
from testkit import eventually


async def test_the_clock_is_set_before_everybody_ticks(
    gateway: Gateway, inner: Inner, clock: DrivenClock
) -> None:
    seen_at = []

    def tick(_seen: object) -> tuple[int, Any]:
        seen_at.append(clock.now())
        return 200, {}

    inner.replies["POST /internal/tick"] = tick
    to = datetime(2031, 1, 1, tzinfo=UTC)
    answer = await gateway.http.post(
        "/dev/clock", json={"now": "2031-01-01T08:00:00+08:00", "ticking": False}
    )
    assert answer.status_code == 200 and datetime.fromisoformat(answer.json()["now"]) == to
    assert seen_at == [to] * 4
    answer = await gateway.http.post("/dev/clock", json={"advance_seconds": 90, "ticking": False})
    assert datetime.fromisoformat(answer.json()["now"]) == to + timedelta(seconds=90)


async def test_a_service_that_is_down_is_waited_for(gateway: Gateway, inner: Inner) -> None:
    tries = 0

    def tick(_seen: object) -> tuple[int, Any]:
        nonlocal tries
        tries += 1
        return (200, {}) if tries > 6 else (500, {})

    inner.replies["POST /internal/tick"] = tick
    assert (await gateway.http.post("/dev/clock", json={"advance_seconds": 1})).status_code == 200
    assert tries >= 8


@pytest.mark.parametrize(
    "body",
    [{}, {"now": "2031-01-01T00:00:00Z", "advance_seconds": 1}, {"now": "2031-01-01T00:00:00"},
     {"advance_seconds": "much"}, {"advance_seconds": 1e300}],
)  # fmt: skip
async def test_bad_wishes(gateway: Gateway, body: dict[str, Any]) -> None:
    answer = await gateway.http.post("/dev/clock", json=body)
    assert answer.status_code == 422 and answer.json()["errors"]


async def test_settled_waits_for_services_and_for_our_own_outbox(
    gateway: Gateway, inner: Inner
) -> None:
    busy = [{"rest": False}, {"rest": False}]
    inner.replies["GET /internal/rest"] = lambda _: (200, busy.pop() if busy else {"rest": True})
    async with gateway.app.db.transaction() as tx:
        tx.publish(MessageSent(uuid4(), "refused"))
    answer = await gateway.http.get("/dev/settled")
    assert (answer.status_code, answer.json()) == (200, {"settled": True})
    assert not busy
    async with gateway.app.db.transaction() as tx:
        assert not await tx.fetchval("SELECT count(*) FROM outbox WHERE published_at IS NULL")


async def test_services_are_asked_after_our_consumers_have_called_them(
    gateway: Gateway, inner: Inner
) -> None:
    """What points tells because of a forwarded order comes after the forwarding."""
    asked: list[str] = []
    going_on = asyncio.Event()

    async def slowly(*_: object) -> list[object]:
        asked.append("forwarded")
        await going_on.wait()
        asked.append("booked")
        return []

    def rest(_seen: object) -> tuple[int, Any]:
        asked.append("rest")
        return 200, {"rest": True}

    inner.replies["GET /internal/rest"] = rest
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("gateway_service.collect.subscribers.forward_orders", slowly)
        await gateway.app.app.state.runtime.bus.publish(
            OrdersCollected.subject, "m", msgspec.json.encode(OrdersCollected("b", []))
        )
        waiting = asyncio.create_task(gateway.http.get("/dev/settled"))
        await eventually(lambda: asked == ["forwarded"], says="the order is on its way")
        await asyncio.wait([waiting], timeout=0.3)
        going_on.set()
        assert (await waiting).status_code == 200
    assert asked == ["forwarded", "booked"] + ["rest"] * 4


async def test_settled_goes_on_while_a_service_is_away(gateway: Gateway, inner: Inner) -> None:
    inner.replies["GET /internal/rest"] = 503, {}
    waiting = asyncio.create_task(gateway.http.get("/dev/settled"))
    await asyncio.wait([waiting], timeout=0.3)
    assert not waiting.done()
    inner.replies["GET /internal/rest"] = 200, {"rest": True}
    assert (await waiting).status_code == 200


@pytest.mark.parametrize("query", ["since=x", "since=-1", "limit=0", "limit=201"])
async def test_bad_pages_of_the_outbox(gateway: Gateway, query: str) -> None:
    assert (await gateway.http.get(f"/dev/outbox?{query}")).status_code == 422
