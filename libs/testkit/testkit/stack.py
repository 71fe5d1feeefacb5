"""The real servers of one test session."""

import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import nats
import redis.asyncio as redis
from nats.js.errors import NotFoundError

from allinone.home import Home
from allinone.servers import External, Servers
from allinone.supervisor import Supervisor

_STREAMS = ("ACTIVITY", "FACTS")


class Stack:
    """PostgreSQL, NATS and Redis in a temporary directory, restarted when a test kills them.

    Without fsync: a killed process loses nothing by it, only a machine would.
    """

    def __init__(self, folder: Path) -> None:
        self.home = Home(folder).prepare()
        self._servers = Servers(self.home, External(), durable=False)
        self._supervisor = Supervisor(self.home.logs)

    async def start(self) -> None:
        """Start all three; raises StartFailed."""
        await self._servers.start(self._supervisor)

    async def stop(self) -> None:
        """Stop all three."""
        await self._supervisor.stop(*self._servers.names)

    @property
    def admin_dsn(self) -> str:
        """The database as its owner."""
        return self._servers.admin_dsn

    @property
    def nats_url(self) -> str:
        """NATS, token included."""
        return self._servers.nats_url

    @property
    def redis_url(self) -> str:
        """Redis, password included."""
        return self._servers.redis_url

    def service_dsn(self, service: str) -> str:
        """The database as the service's login role."""
        return self._servers.service_dsn(service)

    def role_password(self, service: str) -> str:
        """The password of the service's login role."""
        return self._servers.role_password(service)

    def kill(self, name: str, number: signal.Signals = signal.SIGKILL) -> None:
        """Send a signal to postgres, nats or redis."""
        self._supervisor.kill(name, number)

    def pid(self, name: str) -> int | None:
        """Process id of a server, None while it is down."""
        return self._supervisor.child(name).pid

    @asynccontextmanager
    async def away(self, name: str) -> AsyncIterator[None]:
        """A server killed, and not started again before the block ends; then it answers again.

        For what has to be seen while it is down; `kill` leaves it down for a moment only.
        """
        child = self._supervisor.child(name)
        self.kill(name)
        await child.stop()
        try:
            yield
        finally:
            await child.start()
            await self.all_answer()

    async def all_answer(self) -> None:
        """Come back when all three are up."""
        await self._supervisor.all_answer()

    async def empty_bus(self) -> None:
        """Remove every message from the streams that exist; their consumers stay."""
        connection = await nats.connect(self.nats_url)
        try:
            for stream in _STREAMS:
                try:
                    await connection.jetstream().purge_stream(stream)
                except NotFoundError:
                    continue
        finally:
            await connection.close()

    async def empty_redis(self) -> None:
        """Remove every key."""
        client = redis.from_url(self.redis_url)
        try:
            await client.flushall()
        finally:
            await client.aclose()
