"""Nonces that were used, in Redis: of one that comes twice the first alone passes."""

import hashlib

from redis.asyncio import Redis

from chassis.logs import log
from gateway_service.access.limits import uncounted
from gateway_service.access.scripts import AWAY, Script
from gateway_service.signatures.domain import SKEW_SECONDS, WINDOW_SECONDS

_KEPT_MILLISECONDS = 2 * (WINDOW_SECONDS + SKEW_SECONDS) * 1000
_SINCE = "huiyuan:nonces:since"

# KEYS: the nonce, since when nonces are remembered. ARGV: now, created, milliseconds to keep.
# Answers 1 for a fresh one, 0 for a used one, -1 for one that may have been forgotten: an emptied
# Redis must not make old requests good again.
_USE = """
local now, since = tonumber(ARGV[1]), tonumber(redis.call('GET', KEYS[2]))
if not since or since > now then
  since = now
  redis.call('SET', KEYS[2], since)
end
if tonumber(ARGV[2]) <= since then return -1 end
return redis.call('SET', KEYS[1], 1, 'NX', 'PX', ARGV[3]) and 1 or 0
"""


class Nonces:
    """`await use(…)` once a signed request."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._use = Script(redis, _USE)

    async def begin(self, now: float) -> None:
        """Remember from now on, unless it does already; if Redis is away, from the first use on."""
        try:
            await self._redis.set(_SINCE, int(now), nx=True)
        except AWAY as error:
            log.warning("nonces_away", error=type(error).__name__)

    async def use(self, key_id: str, nonce: str, created: int, now: float) -> int:
        """1 fresh, 0 used, -1 older than what is remembered. Raises Problem 503."""
        name = hashlib.sha256(f"{key_id}\x1f{nonce}".encode()).hexdigest()
        try:
            return int(
                await self._use(
                    [f"huiyuan:nonce:{name}", _SINCE], [int(now), created, _KEPT_MILLISECONDS]
                )
            )
        except AWAY as error:
            log.warning("nonces_away", error=type(error).__name__)
            raise uncounted() from None
