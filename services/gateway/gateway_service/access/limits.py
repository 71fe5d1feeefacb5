"""Rate limits: one token bucket a principal in Redis, drawn from in small shares.

A share is spent here without asking again, so that most calls cost a dictionary look-up. While
Redis is away nobody is limited: a checkout must not stop because a counter is gone.
"""

import math
import time

from redis.asyncio import Redis
from redis.exceptions import RedisError

from chassis.logs import log
from chassis.problem import Problem

SHARES_A_SECOND = 20
_REMEMBERED = 100_000
_REDIS_SECONDS = 0.25
_AWAY_SECONDS = 1.0

# KEYS: the bucket. ARGV: tokens a second, size, tokens wanted.
# Answers tokens granted and, if none, milliseconds until there will be one.
_DRAW = """
local clock = redis.call('TIME')
local now = clock[1] + clock[2] / 1e6
local rate, size, wanted = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local bucket = redis.call('HMGET', KEYS[1], 'left', 'at')
local left = math.min(size, (bucket[1] or size) + (now - (bucket[2] or now)) * rate)
local granted = math.min(wanted, math.floor(left))
redis.call('HSET', KEYS[1], 'left', left - granted, 'at', now)
redis.call('PEXPIRE', KEYS[1], math.ceil(size / rate * 1000) + 1000)
return {granted, granted > 0 and 0 or math.ceil((1 - left) / rate * 1000)}
"""


class Limits:
    """`await take(who)` before each call."""

    def __init__(self, redis_url: str, per_second: int, burst: int) -> None:
        self._redis = Redis.from_url(
            redis_url, socket_timeout=_REDIS_SECONDS, socket_connect_timeout=_REDIS_SECONDS
        )
        self._draw = self._redis.register_script(_DRAW)
        self._rate, self._burst = per_second, burst
        self._share = max(1, per_second // SHARES_A_SECOND)
        self._left: dict[str, int] = {}
        self._away_until = 0.0

    async def take(self, who: str) -> None:
        """Spend one call of `who`. Raises Problem 429."""
        left = self._left.get(who, 0)
        if left <= 0:
            left = await self._another_share(who)
        self._left[who] = left - 1

    async def stop(self) -> None:
        """Close the connection."""
        await self._redis.aclose()

    async def _another_share(self, who: str) -> int:
        if time.monotonic() < self._away_until:
            return self._share
        try:
            granted, wait = await self._draw(
                keys=[f"huiyuan:limit:{who}"], args=[self._rate, self._burst, self._share]
            )
        except (RedisError, OSError, TimeoutError) as error:
            self._away_until = time.monotonic() + _AWAY_SECONDS
            log.warning("limits_paused", error=type(error).__name__)
            return self._share
        if not granted:
            raise self._problem(wait / 1000)
        if len(self._left) > _REMEMBERED:
            self._left.clear()  # at worst, started shares are lost
        return self._left.get(who, 0) + int(granted)

    def _problem(self, wait: float) -> Problem:
        window = math.ceil(self._burst / self._rate)
        return Problem(
            429,
            "too_many_calls",
            "This token's holder calls too often",
            headers={
                "Retry-After": str(max(1, math.ceil(wait))),
                "RateLimit": f'"calls";r=0;t={max(1, math.ceil(wait))}',
                "RateLimit-Policy": f'"calls";q={self._burst};w={window}',
            },
        )
