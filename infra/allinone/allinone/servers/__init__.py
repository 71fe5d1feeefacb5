"""PostgreSQL, NATS and Redis: the ones from the wheels in a data directory, or the user's own."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

from allinone.home import Home
from allinone.servers import nats, redis
from allinone.servers.nats import Nats
from allinone.servers.postgres import Postgres
from allinone.servers.redis import Redis
from allinone.supervisor import Program, Supervisor


@dataclass(frozen=True)
class External:
    """URLs of servers the user runs; None means ours. The database URL is an administrator's."""

    database_url: str | None = None
    nats_url: str | None = None
    redis_url: str | None = None

    @staticmethod
    def from_environment(environment: Mapping[str, str] = os.environ) -> "External":
        """HUIYUAN_DATABASE_URL, HUIYUAN_NATS_URL and HUIYUAN_REDIS_URL; empty counts as unset."""
        return External(
            database_url=environment.get("HUIYUAN_DATABASE_URL") or None,
            nats_url=environment.get("HUIYUAN_NATS_URL") or None,
            redis_url=environment.get("HUIYUAN_REDIS_URL") or None,
        )


def running_in(home: Home) -> External:
    """Where the embedded servers of the platform running in `home` answer; None for the others."""
    ports, children, secrets = home.state()["ports"], home.state()["children"], home.secrets()
    return External(
        database_url=Postgres(home, secrets.postgres).dsn() if "postgres" in children else None,
        nats_url=nats.url_of(secrets.nats, ports["nats"]) if "nats" in ports else None,
        redis_url=redis.url_of(secrets.redis, ports["redis"]) if "redis" in ports else None,
    )


class Servers:
    """The servers of one data directory and how to reach them.

    `ports` are those of the last run, used again when they are free. `durable=False` skips fsync:
    for tests only, where the machine does not lose power.
    """

    def __init__(
        self,
        home: Home,
        external: External | None = None,
        ports: Mapping[str, int] | None = None,
        *,
        durable: bool = True,
    ) -> None:
        theirs, ports, secrets = external or External(), ports or {}, home.secrets()
        self._roles = secrets.roles
        self._postgres = self._nats = self._redis = None
        if theirs.database_url is None:
            self._postgres = Postgres(home, secrets.postgres, durable=durable)
        if theirs.nats_url is None:
            self._nats = Nats(home, secrets.nats, ports.get("nats"), durable=durable)
        if theirs.redis_url is None:
            self._redis = Redis(home, secrets.redis, ports.get("redis"))
        self.admin_dsn = self._postgres.dsn() if self._postgres else str(theirs.database_url)
        self.nats_url = self._nats.url if self._nats else str(theirs.nats_url)
        self.redis_url = self._redis.url if self._redis else str(theirs.redis_url)

    def role_password(self, service: str) -> str:
        """A service's database password: HUIYUAN_<SERVICE>_PASSWORD, or the generated one."""
        return os.environ.get(f"HUIYUAN_{service.upper()}_PASSWORD") or self._roles[service]

    def service_dsn(self, service: str) -> str:
        """The database as the service's own login role sees it."""
        return with_login(self.admin_dsn, f"huiyuan_{service}", self.role_password(service))

    @property
    def ports(self) -> dict[str, int]:
        """TCP ports of the servers we run."""
        own = {"nats": self._nats, "redis": self._redis}
        return {name: server.port for name, server in own.items() if server is not None}

    @property
    def names(self) -> list[str]:
        """Names of the servers we run, as the supervisor knows them."""
        own = {"postgres": self._postgres, "nats": self._nats, "redis": self._redis}
        return [name for name, server in own.items() if server is not None]

    async def start(self, supervisor: Supervisor) -> None:
        """Start ours and come back when all are ready and the database exists."""
        programs: list[Program] = []
        if self._postgres is not None:
            await self._postgres.initialise()
            programs.append(self._postgres.program())
        if self._nats is not None:
            programs.append(self._nats.program())
        if self._redis is not None:
            programs.append(self._redis.program())
        await supervisor.start(*programs)
        if self._postgres is not None:
            await self._postgres.create_database()


def with_login(dsn: str, user: str, password: str) -> str:
    """The same database with another user and password."""
    parts = urlsplit(dsn)
    address = parts.netloc.rpartition("@")[2]
    return parts._replace(netloc=f"{user}:{quote(password, safe='')}@{address}").geturl()
