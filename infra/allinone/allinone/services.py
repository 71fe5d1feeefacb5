"""The five services as programs of the supervisor: command, environment, readiness."""

import asyncio
import os
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from allinone.home import SERVICES, Home, Secrets
from allinone.nursery import Nursery
from allinone.ports import LOOPBACK, Claim
from allinone.servers import Servers
from allinone.supervisor import Program
from allinone.tls import TlsFiles

GATEWAY = "gateway"
INNER = tuple(name for name in SERVICES if name != GATEWAY)


@dataclass(frozen=True)
class Services:
    """What the services are started with. `claims` hold their ports until they start."""

    home: Home
    secrets: Secrets
    servers: Servers
    tls: TlsFiles
    claims: Mapping[str, Claim]
    dev: bool
    seed: str | None
    nursery: Nursery
    link_url: str = ""

    @property
    def urls(self) -> dict[str, str]:
        """Where each service answers."""
        inner = {name: f"http://{LOOPBACK}:{self.claims[name].port}" for name in INNER}
        return {**inner, GATEWAY: f"https://localhost:{self.claims[GATEWAY].port}"}

    def programs(self) -> list[Program]:
        """One program a service."""
        return [self._program(name) for name in SERVICES]

    def environment(self, name: str) -> dict[str, str]:
        """The settings of one service, as README's table has them."""
        settings = {
            "SERVICE": name,
            "DATABASE_URL": self.servers.service_dsn(name),
            "NATS_URL": self.servers.nats_url,
            "REDIS_URL": self.servers.redis_url,
            "BIND": f"{LOOPBACK}:{self.claims[name].port}",
            "INTERNAL_TOKEN": self.secrets.internal,
            "DEV": "true" if self.dev else "false",
        }
        if self.dev:
            settings["CLOCK_FILE"] = str(self.home.clock_file)
            settings["SEED"] = self.seed or ""
        if name == "profile":
            settings["LAKE_DIR"] = str(self.home.root / "lake")
            if self.seed:  # a year in minutes: models are trained when the demo asks
                settings["TRAIN_DAYS"] = "0"
        if name == "points":
            settings["LEDGER_DIR"] = str(self.home.ledger)
        if name == GATEWAY:
            settings |= {f"{inner.upper()}_URL": self.urls[inner] for inner in INNER}
            settings["TLS_CERT"] = str(self.tls.certificate)
            settings["TLS_KEY"] = str(self.tls.key)
            settings["KEY_DIR"] = str(self.home.keys)
            if self.link_url:
                settings["EDGE_NATS_URL"] = self.link_url
        if name in (GATEWAY, "campaign") and "HUIYUAN_PUBLIC_URL" not in os.environ:
            settings["PUBLIC_URL"] = self.urls[GATEWAY]
        return {f"HUIYUAN_{key}": value for key, value in settings.items()}

    def _program(self, name: str) -> Program:
        readiness = f"{self.urls[name]}/readyz"
        trust = ssl.create_default_context(cafile=self.tls.ca) if name == GATEWAY else None

        async def probe() -> bool:
            return await answers_ok(readiness, trust)

        async def prepare() -> None:
            self.claims[name].release()

        return Program(
            name=name,
            spawn=self.nursery.running(
                "chassis.serve", f"{name}_service.app", env=self.environment(name)
            ),
            probe=probe,
            prepare=prepare,
        )


async def answers_ok(url: str, trust: ssl.SSLContext | None = None) -> bool:
    """Whether GET `url` answers 200 within two seconds."""
    parts = urlsplit(url)
    request = f"GET {parts.path} HTTP/1.1\r\nHost: {parts.netloc}\r\nConnection: close\r\n\r\n"
    try:
        async with asyncio.timeout(2):
            reader, writer = await asyncio.open_connection(
                LOOPBACK, parts.port, ssl=trust, server_hostname="localhost" if trust else None
            )
            try:
                writer.write(request.encode())
                status = await reader.readline()
            finally:
                writer.close()
    except (OSError, TimeoutError):
        return False
    return status.split(maxsplit=2)[1:2] == [b"200"]
