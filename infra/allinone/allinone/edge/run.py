"""A store's edge in one data directory: its NATS server and what tills talk to."""

import asyncio
import os
import ssl
import sys
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec

from allinone import leftovers
from allinone.edge import enrolment
from allinone.edge.app import Settings
from allinone.edge.leaf import Leaf
from allinone.home import Home, HomeLock, write_atomically
from allinone.ports import LOOPBACK, claim
from allinone.services import answers_ok
from allinone.spawning import executing
from allinone.supervisor import Backoff, Program, Supervisor
from allinone.tls import ensure_certificates

LIMIT = 4 * 1024**3
DEFAULT_PORT = 8444


class StoreEdge:
    """`async with StoreEdge(data_dir, file) as edge:` serves until the block is left.

    Raises InUse, PortTaken, StartFailed as the platform does, and NotEnrolled.
    """

    def __init__(
        self,
        data_dir: Path,
        file: Path,
        *,
        port: int | None = None,
        limit: int = LIMIT,
        backoff: Backoff | None = None,
    ) -> None:
        self.home = Home(data_dir)
        self._file, self._port, self._limit = file.absolute(), port, limit
        self._supervisor = Supervisor(self.home.logs, backoff)
        self._lock: HomeLock

    async def __aenter__(self) -> Self:
        enrolled = enrolment.read(self._file)
        self._lock = self.home.lock()
        try:
            before = self.home.state()
            await asyncio.to_thread(leftovers.end, before.get("children", {}))
            ports = before.get("ports", {})
            leaf = Leaf(self.home, self.home.secrets().nats, ports.get("nats"), enrolled)
            self._claim = claim([self._port or ports.get("edge"), DEFAULT_PORT])
            self._tls = ensure_certificates(self.home.tls)
            self._ports = {"nats": leaf.port, "edge": self._claim.port}
            self._supervisor.on_change = self._remember
            await self._supervisor.start(leaf.program())
            await self._supervisor.start(self._program(leaf.url))
        except BaseException:
            await self._stop()
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trail: TracebackType | None,
    ) -> None:
        await self._stop()

    @property
    def url(self) -> str:
        """Where tills send to."""
        return f"https://localhost:{self._claim.port}"

    @property
    def ca_path(self) -> Path:
        """Whom tills have to trust."""
        return self._tls.ca

    def kill(self, name: str) -> None:
        """SIGKILL for `nats` or `edge`; it is started again."""
        self._supervisor.kill(name)

    async def all_answer(self) -> None:
        """Come back when both do."""
        await self._supervisor.all_answer()

    def _program(self, nats_url: str) -> Program:
        settings = Settings(str(self._file), nats_url, self._limit)
        trust = ssl.create_default_context(cafile=self._tls.ca)
        env = {
            "EDGE_SETTINGS": msgspec.json.encode(settings).decode(),
            "HUIYUAN_BIND": f"{LOOPBACK}:{self._claim.port}",
            "HUIYUAN_TLS_CERT": str(self._tls.certificate),
            "HUIYUAN_TLS_KEY": str(self._tls.key),
        }

        async def probe() -> bool:
            return await answers_ok(f"{self.url}/readyz", trust)

        async def prepare() -> None:
            self._claim.release()

        command = (sys.executable, "-m", "chassis.serve", "allinone.edge.app")
        return Program(
            name="edge", spawn=executing(*command, env=env), probe=probe, prepare=prepare
        )

    async def _stop(self) -> None:
        await self._supervisor.stop("edge")
        await self._supervisor.stop("nats")
        self._lock.release()

    def _remember(self) -> None:
        children = leftovers.remembered(self._supervisor.pids())
        state = {"pid": os.getpid(), "url": self.url, "ports": self._ports, "children": children}
        write_atomically(self.home.state_file, state)
