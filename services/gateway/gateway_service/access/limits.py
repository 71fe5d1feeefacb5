"""Rate limits: token buckets in Redis, by its clock, shared by all gateways.

Ordinary calls are taken from a small share that a gateway draws ahead, so that most cost a
dictionary look-up; a share is a five-hundredth of what is left, and so exact to 1 % however many
gateways draw. What must not go on uncounted (signing in, spending, what costs money) is charged
one by one. While Redis is away ordinary calls are not limited, for a checkout must not stop because
a counter is gone; charges are refused.
"""

import asyncio
import ipaddress
import math
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from redis.asyncio import Redis

from chassis.coalesce import Coalescer
from chassis.logs import log
from chassis.problem import Problem
from gateway_service.access.scripts import AWAY, Script

_REMEMBERED = 100_000
_AWAY_SECONDS = 1.0
_PREFIX = 64  # bits of an IPv6 address that one caller has to itself

# KEYS: the bucket. ARGV: tokens a second, size, tokens wanted now, divisor of the share (0: none).
# Answers tokens granted and milliseconds until the next one that is missing.
_DRAW = """
local clock = redis.call('TIME')
local now = clock[1] + clock[2] / 1e6
local rate, size, wanted = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local bucket = redis.call('HMGET', KEYS[1], 'left', 'at')
local left = math.min(size, (bucket[1] or size) + (now - (bucket[2] or now)) * rate)
local share = tonumber(ARGV[4])
if share > 0 then wanted = wanted + math.floor(left / share) end
local granted = math.min(wanted, math.floor(left))
redis.call('HSET', KEYS[1], 'left', left - granted, 'at', now)
redis.call('PEXPIRE', KEYS[1], math.ceil(size / rate * 1000) + 1000)
return {granted, math.max(0, math.ceil((1 - (left - granted)) / rate * 1000))}
"""
_SHARE = 500


@dataclass(frozen=True, slots=True)
class Bucket:
    """`burst` at once after a pause, `per_second` on average."""

    name: str
    per_second: float
    burst: int


class Limits:
    """`await take(who)` before an ordinary call, `await charge(bucket, who)` before others."""

    def __init__(self, redis: Redis, calls: Bucket) -> None:
        self._redis, self._calls = redis, calls
        self._draw = Script(redis, _DRAW)
        self._shares: Coalescer[str, None] = Coalescer(self._more, workers=1)
        self._left: dict[str, int] = {}
        self._away_until = 0.0

    async def take(self, who: str) -> None:
        """Spend one call of `who`. Raises Problem 429."""
        left = self._left.get(who, 0)
        if left > 0:
            self._left[who] = left - 1
        elif time.monotonic() >= self._away_until:
            await self._shares.submit(who)

    async def charge(self, bucket: Bucket | None, who: str) -> None:
        """Spend one of a bucket (None: a call). Raises Problem 429, and 503 while Redis is away."""
        bucket = bucket or self._calls
        try:
            granted, wait = await self._draw(
                [_key(bucket, who)], [bucket.per_second, bucket.burst, 1, 0]
            )
        except AWAY as error:
            log.warning("limits_away", bucket=bucket.name, error=type(error).__name__)
            raise uncounted() from None
        if not granted:
            raise too_many(bucket, wait / 1000)

    async def settle(self, bucket: Bucket, who: str, back: int) -> None:
        """Give back to a bucket, or take from it without asking. Raises one of AWAY."""
        if back:
            await self._redis.hincrbyfloat(_key(bucket, who), "left", back)

    async def _more(self, waiting: Sequence[str]) -> Sequence[Exception | None]:
        """One call for each who waits, and a share for each."""
        wanted = Counter(waiting)
        calls = self._calls
        try:
            answers_of_redis = await asyncio.gather(
                *(
                    self._draw([_key(calls, who)], [calls.per_second, calls.burst, number, _SHARE])
                    for who, number in wanted.items()
                )
            )
        except AWAY as error:
            self._away_until = time.monotonic() + _AWAY_SECONDS
            log.warning("limits_paused", error=type(error).__name__)
            return [None] * len(waiting)
        drawn = dict(zip(wanted, answers_of_redis, strict=True))
        if len(self._left) > _REMEMBERED:
            self._left.clear()  # at worst, started shares are lost
        answers: list[Exception | None] = []
        for who in waiting:
            granted, wait = drawn[who]
            drawn[who] = granted - 1, wait
            answers.append(None if granted > 0 else too_many(calls, wait / 1000))
        for who, (spare, _) in drawn.items():
            if spare > 0:
                self._left[who] = self._left.get(who, 0) + spare
        return answers


def uncounted() -> Problem:
    """503: what has to be counted cannot be counted now."""
    title = "This cannot be counted right now, so it is not done; try again"
    return Problem(503, "limits_away", title, headers={"Retry-After": "1"})


def address(scope: Mapping[str, Any], headers: Mapping[bytes, bytes], proxies: int) -> str:
    """Where a call comes from; of IPv6 the network. `proxies` of our own stand in front."""
    peer = (scope.get("client") or ("", 0))[0]
    if proxies:
        told = headers.get(b"x-forwarded-for", b"").decode("latin-1").split(",")
        peer = told[-proxies].strip() if len(told) >= proxies and told[-proxies].strip() else peer
    try:
        known = ipaddress.ip_address(peer)
    except ValueError:
        return "address:unknown"
    if isinstance(known, ipaddress.IPv6Address):
        known = known.ipv4_mapped or known
    if isinstance(known, ipaddress.IPv6Address):
        network = ipaddress.ip_network((known, _PREFIX), strict=False)
        return f"address:{network.network_address}"
    return f"address:{known}"


def _key(bucket: Bucket, who: str) -> str:
    return f"huiyuan:limit:{bucket.name}:{who}"


def too_many(bucket: Bucket, wait: float) -> Problem:
    """429: in so many seconds there is one again."""
    seconds = max(1, math.ceil(wait))
    window = max(1, math.ceil(bucket.burst / bucket.per_second))
    return Problem(
        429,
        "too_many_calls",
        "This is asked for too often",
        headers={
            "Retry-After": str(seconds),
            "RateLimit": f'"{bucket.name}";r=0;t={seconds}',
            "RateLimit-Policy": f'"{bucket.name}";q={bucket.burst};w={window}',
        },
    )
