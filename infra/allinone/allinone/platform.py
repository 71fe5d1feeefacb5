"""The whole platform in one data directory: servers, schemas, services. `huiyuan up` is this."""

import asyncio
import contextlib
import importlib
import os
import signal
import ssl
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from time import monotonic
from types import TracebackType
from typing import Self

import httpx

from allinone import leftovers, tokens
from allinone.edge.link import Link
from allinone.home import SERVICES, Home, HomeLock, write_atomically
from allinone.nursery import Nursery
from allinone.ports import Claim, PortTaken, claim
from allinone.servers import External, Servers
from allinone.services import GATEWAY, INNER, Services
from allinone.supervisor import Backoff, StartFailed, Supervisor
from allinone.tls import ensure_certificates
from gateway_service.edges.domain import read_links

DEFAULT_PORT = 8443


class Platform:
    """`async with Platform(data_dir) as p:` starts everything; leaving the block stops it.

    A second start on the same directory continues with its data. `on_progress` hears one line a
    step. `external` defaults to the HUIYUAN_*_URL environment. Raises InUse when the directory is
    running already, PortTaken for a `port` that is not free, StartFailed when a child cannot start.
    """

    def __init__(
        self,
        data_dir: Path,
        *,
        dev: bool = False,
        seed: str | None = None,
        port: int | None = None,
        on_progress: Callable[[str], None] | None = None,
        external: External | None = None,
        durable: bool = True,
        backoff: Backoff | None = None,
    ) -> None:
        self.home = Home(data_dir)
        self.dev = dev
        self._seed, self._port, self._durable = seed, port, durable
        self._external = external or External.from_environment()
        self._progress = on_progress or (lambda _: None)
        self._supervisor = Supervisor(self.home.logs, backoff)
        self._nursery = Nursery(self.home.logs / "nursery.log", str(self.home.root))
        self._lock: HomeLock
        self._servers: Servers
        self._services: Services
        self._link: Link | None = None
        self._ports: dict[str, int] = {}
        self._ready = False

    async def __aenter__(self) -> Self:
        self._lock = self.home.lock()
        try:
            await self._start()
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
        """The public address, served by the gateway."""
        return self._services.urls[GATEWAY]

    @property
    def ca_path(self) -> Path:
        """The PEM file of the local CA that clients must trust."""
        return self._services.tls.ca

    @property
    def service_urls(self) -> dict[str, str]:
        """Addresses by service; the inner ones refuse everyone but the gateway."""
        return self._services.urls

    @property
    def admin_dsn(self) -> str:
        """The database as its owner sees it."""
        return self._servers.admin_dsn

    def service_dsn(self, service: str) -> str:
        """The database as a service's own role sees it."""
        return self._servers.service_dsn(service)

    @property
    def nats_url(self) -> str:
        """NATS, token included."""
        return self._servers.nats_url

    @property
    def redis_url(self) -> str:
        """Redis, password included."""
        return self._servers.redis_url

    @property
    def internal_token(self) -> str:
        """The secret between gateway and services."""
        return self._services.secrets.internal

    def pid(self, name: str) -> int | None:
        """The process id of a child, None while it is down; raises KeyError for an unknown name."""
        return self._supervisor.child(name).pid

    def starts(self, name: str) -> int:
        """How often a child has been started since the platform was."""
        return self._supervisor.child(name).starts

    def kill(self, name: str, number: signal.Signals = signal.SIGKILL) -> None:
        """Send a signal to postgres, nats, redis or a service, as a fault would."""
        self._supervisor.kill(name, number)

    async def wait_healthy(self, timeout: float = 60.0) -> None:
        """Come back when every child is up and ready; raises TimeoutError naming who is not."""
        try:
            async with asyncio.timeout(timeout):
                await self._supervisor.all_answer()
        except TimeoutError:
            silent = ", ".join(await self._supervisor.silent())
            raise TimeoutError(f"not ready after {timeout:.0f} s: {silent}") from None

    async def token(self, role: str, member: str | None = None) -> str:
        """An access token of a development client; raises tokens.NoToken."""
        return await tokens.fetch(self.home, role, member)

    def client(self, **options: object) -> httpx.AsyncClient:
        """An HTTP client of the public API that trusts the local CA."""
        trust = ssl.create_default_context(cafile=self.ca_path)
        return httpx.AsyncClient(base_url=self.url, verify=trust, **options)  # type: ignore[arg-type]

    async def _start(self) -> None:
        began = monotonic()
        before = self.home.state()
        self._ports = before.get("ports", {})
        self._remember()
        await asyncio.to_thread(leftovers.end, before.get("children", {}))
        self._compose()
        self._supervisor.on_change = self._remember
        names = self._servers.names
        self._progress(f"starting {', '.join(names)}" if names else "using your servers")
        # Importing takes longer than the servers need; do it all at once.
        await asyncio.gather(
            self._nursery.start(),
            self._servers.start(self._supervisor),
            asyncio.to_thread(importlib.import_module, "chassis.migrate"),
        )
        self._progress(f"bringing {len(SERVICES)} schemas up to date")
        await migrate_all(self._servers)
        self._progress(f"starting {', '.join(SERVICES)}")
        await self._start_services()
        self._ready = True
        self._remember()
        self._progress(f"ready at {self.url} after {monotonic() - began:.1f} s")

    def _compose(self) -> None:
        """Take the ports of the last run where they are free, others where not."""
        last = self._ports
        self._servers = Servers(self.home, self._external, last, durable=self._durable)
        claims = {name: claim([last.get(name)]) for name in INNER}
        claims[GATEWAY] = _public_port(self._port, last.get(GATEWAY))
        tls, links = ensure_certificates(self.home.tls), read_links(self.home.keys)
        self._link = Link(self.home, links, tls, last.get("link")) if links.edges else None
        self._services = Services(
            self.home,
            self.home.secrets(),
            self._servers,
            tls,
            claims,
            self.dev,
            self._seed,
            self._nursery,
            self._link.url if self._link else "",
        )
        chosen = {name: each.port for name, each in claims.items()}
        if self._link is not None:
            chosen["link"] = self._link.port
        self._ports = {**self._servers.ports, **chosen}

    async def _start_services(self) -> None:
        if self.dev:
            from chassis.clock import DrivenClock  # noqa: PLC0415

            DrivenClock(self.home.clock_file)  # made once, before five processes map it
        if self._link is not None:
            await self._supervisor.start(self._link.program())
        await self._supervisor.start(*self._services.programs())

    async def _stop(self) -> None:
        """Stop to the end, however often this is cancelled meanwhile (an impatient Ctrl-C)."""
        stopping = asyncio.create_task(self._stop_children())
        while not stopping.done():
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.shield(stopping)
        stopping.result()

    async def _stop_children(self) -> None:
        self._ready = False
        try:
            await self._supervisor.stop(*SERVICES)
            await self._nursery.stop()
            await self._supervisor.stop("postgres", "nats", "redis", "link")
        finally:
            self._remember()
            self._lock.release()

    def _remember(self) -> None:
        """Write state.json: what a second `up`, `token` and `doctor` read."""
        state = {
            "pid": os.getpid(),
            "url": self.url if self._ready else None,
            "ca": str(self.ca_path) if self._ready else None,
            "dev": self.dev,
            "ports": self._ports,
            "children": leftovers.remembered(self._supervisor.pids()),
        }
        write_atomically(self.home.state_file, state)


async def migrate_all(servers: Servers, say: Callable[[str], None] = lambda _: None) -> None:
    """Bring every schema up to date, one after the other (Alembic's context is global).

    Raises StartFailed for a schema that another version of the platform has written.
    """
    from alembic.util import CommandError  # noqa: PLC0415 - half a second, not for every command

    from chassis.migrate import migrate  # noqa: PLC0415

    for service in SERVICES:
        try:
            await migrate(service, servers.admin_dsn, servers.role_password(service))
        except CommandError as error:
            step = "use the version that wrote it, or another --data-dir"
            raise StartFailed(f"the schema of {service} is not ours: {error}; {step}") from None
        say(service)


def _public_port(asked: int | None, last: int | None) -> Claim:
    """The port asked for, or the last one, or 8443, or any free one."""
    if asked is None:
        return claim([last, DEFAULT_PORT])
    try:
        return Claim(asked)
    except PortTaken as taken:
        raise PortTaken(f"{taken}; choose another with --port or leave the option out") from None


async def migrate_only(home: Home, say: Callable[[str], None]) -> None:
    """Bring every schema up to date without starting a service.

    Raises InUse when a platform runs on the embedded database: its start has migrated already.
    """
    external = External.from_environment()
    lock = home.lock()
    supervisor = Supervisor(home.logs)
    # Only the database is needed: naming the others keeps them from being started.
    servers = Servers(home, replace(external, nats_url="unused", redis_url="unused"))
    try:
        await servers.start(supervisor)
        await migrate_all(servers, say)
    finally:
        await supervisor.stop(*servers.names)
        lock.release()
