"""Move the clock everywhere at once; wait for rest."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

import asyncpg
import msgspec

from chassis import bus
from chassis.app import Runtime
from chassis.clock import DrivenClock
from chassis.problem import Problem
from contracts.gateway.dev import ClockAnswer, ClockMove, Settled
from gateway_service.proxy.client import Gone, InnerClient
from gateway_service.proxy.forward import SYSTEM

TICK_SECONDS = 120.0
REST_SECONDS = 20.0
_PATIENCE = 5.0
_RETRY_DELAY = 0.1
_AWAY = (*bus.AWAY, asyncpg.PostgresError, asyncpg.InterfaceError)


async def move(runtime: Runtime, inner: InnerClient, wish: ClockMove) -> ClockAnswer:
    """Set the clock, then let every service run what is due. Raises Problem 409, 422 or 503.

    A service that is down is asked again until it is back: nobody may miss a midnight.
    """
    clock = runtime.db.clock
    if not isinstance(clock, DrivenClock):
        raise Problem(409, "clock_not_driven", "There is no driven clock (HUIYUAN_CLOCK_FILE)")
    clock.move(_target(clock.now(), wish), ticking=wish.ticking)
    try:
        async with asyncio.timeout(TICK_SECONDS):
            await asyncio.gather(
                _surely(runtime.scheduler.tick), *(_tick(inner, name) for name in inner.services)
            )
    except TimeoutError:
        raise Problem(
            503, "not_everywhere", "Not every service has run what is due; send it again",
            headers={"Retry-After": "1"},
        ) from None  # fmt: skip
    return ClockAnswer(now=clock.now())


def _target(now: datetime, wish: ClockMove) -> datetime:
    if (wish.now is None) == (wish.advance_seconds is None):
        raise Problem(
            422, "now_or_advance", "Either now or advance_seconds, not both", pointer="/now"
        )
    try:
        return wish.now or now + timedelta(seconds=wish.advance_seconds or 0)
    except OverflowError:
        raise Problem(
            422, "out_of_range", "The clock cannot go there", pointer="/advance_seconds"
        ) from None


async def _tick(inner: InnerClient, service: str) -> None:
    async def once() -> None:
        answer = await inner.request(
            service, "POST", "/internal/tick", SYSTEM, seconds=TICK_SECONDS
        )
        if answer.status != 200:
            raise Gone(service)

    await _surely(once)


async def _surely(once: Callable[[], Awaitable[None]]) -> None:
    while True:
        try:
            return await once()
        except _AWAY:
            await asyncio.sleep(_RETRY_DELAY)


async def settled(runtime: Runtime, inner: InnerClient) -> Settled:
    """Answers when nothing is under way. Raises Problem 503 after 20 seconds."""
    give_up = asyncio.get_running_loop().time() + REST_SECONDS
    while not await _at_rest(runtime, inner):
        if asyncio.get_running_loop().time() > give_up:
            raise Problem(
                503, "not_settled", "Something is still under way", headers={"Retry-After": "1"}
            )
    return Settled()


async def _at_rest(runtime: Runtime, inner: InnerClient) -> bool:
    """Every service came to rest, and nothing was published since the first of them did.

    A service waits for its consumers before its outbox. So whatever a consumer was busy with has
    been published by then, and shows in the streams; no second look at the services is needed.
    We go first, because our consumers call services (points, with orders that were collected):
    what those tell by it is in their outboxes when they are asked.
    """
    try:
        before = await _published(runtime)
        if not await runtime.rest(_PATIENCE):
            return False
        resting = await asyncio.gather(*(_rests(inner, name) for name in inner.services))
        return all(resting) and before == await _published(runtime)
    except _AWAY:
        await asyncio.sleep(_RETRY_DELAY)
        return False


async def _published(runtime: Runtime) -> list[int]:
    """The number of the last message in each stream."""
    infos = await asyncio.gather(*(runtime.bus.js.stream_info(name) for name in bus.STREAMS))
    return [int(info.state.last_seq) for info in infos]


async def _rests(inner: InnerClient, service: str) -> bool:
    answer = await inner.request(service, "GET", f"/internal/rest?seconds={_PATIENCE}", SYSTEM)
    if answer.status != 200:
        raise Gone(service)
    return msgspec.json.decode(answer.body, type=dict[str, bool])["rest"]
