"""Scripts in Redis; whoever calls at the same moment shares a round trip and a connection."""

import hashlib
from collections.abc import Sequence
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import NoScriptError, RedisError

from chassis.coalesce import Coalescer

AWAY = (RedisError, OSError, TimeoutError)
_SECONDS = 0.25
_Call = tuple[Sequence[str], Sequence[Any]]


class Script:
    """`await script(keys, args)`. Raises one of AWAY."""

    def __init__(self, redis: Redis, source: str) -> None:
        self._redis, self._source = redis, source
        self._sha = hashlib.sha1(source.encode(), usedforsecurity=False).hexdigest()
        self._calls: Coalescer[_Call, Any] = Coalescer(self._run)

    async def __call__(self, keys: Sequence[str], args: Sequence[Any]) -> Any:
        """What it answers."""
        return await self._calls.submit((keys, args))

    async def _run(self, calls: Sequence[_Call]) -> Sequence[Any]:
        try:
            return await self._once(calls)
        except NoScriptError:  # Redis was started anew: it has run none of them
            await self._redis.script_load(self._source)
            return await self._once(calls)

    async def _once(self, calls: Sequence[_Call]) -> Sequence[Any]:
        async with self._redis.pipeline(transaction=False) as pipe:
            for keys, args in calls:
                pipe.evalsha(self._sha, len(keys), *keys, *args)
            answers: Sequence[Any] = await pipe.execute()
        return answers


def connect(redis_url: str) -> Redis:
    """A client that gives up soon."""
    return Redis.from_url(redis_url, socket_timeout=_SECONDS, socket_connect_timeout=_SECONDS)
