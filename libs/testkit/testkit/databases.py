"""Migrated schemas in the session's PostgreSQL, and their return to the state after migration."""

from dataclasses import dataclass

import asyncpg

from chassis.clock import Clock
from chassis.database import Database
from chassis.ids import Ids
from chassis.migrate import migrate
from testkit.stack import Stack

_TABLES = """
SELECT c.relname AS name,
       (SELECT string_agg(quote_ident(attname), ', ') FROM pg_attribute
         WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped AND attgenerated = ''
       ) AS columns
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = $1 AND c.relkind IN ('r', 'p') AND NOT c.relispartition
ORDER BY c.oid
"""


class Databases:
    """One schema a service, migrated on first use; `empty` brings back what migration left."""

    def __init__(self, stack: Stack, clock: Clock, seed: str = "test") -> None:
        self._stack = stack
        self._clock = clock
        self._ids = Ids(clock, seed)
        self._open: dict[str, Database] = {}
        self._begins: dict[str, _Begin] = {}

    async def of(self, service: str) -> Database:
        """A started Database in the service's own schema and role; the same one every time."""
        await self.migrate(service)
        if service not in self._open:
            url = self._stack.service_dsn(service)
            database = Database(url, service, self._clock, self._ids)
            await database.start()
            self._open[service] = database
        return self._open[service]

    async def migrate(self, service: str) -> None:
        """Bring the schema up to date, once a session, and remember the rows it begins with."""
        if service in self._begins:
            return
        await migrate(service, self._stack.admin_dsn, self._stack.role_password(service))
        connection = await asyncpg.connect(self._stack.admin_dsn)
        try:
            self._begins[service] = await _remember(connection, service)
        finally:
            await connection.close()

    async def empty(self, *services: str) -> None:
        """Rows as after migration, in the schemas named or in all that were migrated."""
        connection = await asyncpg.connect(self._stack.admin_dsn)
        try:
            for service in services or sorted(self._begins):
                async with connection.transaction():
                    await self._begins[service].restore(connection)
        finally:
            await connection.close()

    async def stop(self) -> None:
        """Close every pool."""
        for database in self._open.values():
            await database.stop()


@dataclass(frozen=True)
class _Begin:
    """How to see which tables of a schema have changed since its migration, and to undo it."""

    look: str
    refills: tuple[str, ...]

    async def restore(self, connection: asyncpg.Connection) -> None:
        """Empty what has rows, and fill again what began with some; the rest is not touched."""
        changed = [row["name"] for row in await connection.fetch(self.look)]
        if not changed:
            return
        # As a replica no trigger fires: append-only tables refuse TRUNCATE otherwise.
        await connection.execute("SET LOCAL session_replication_role = replica")
        await connection.execute(f"TRUNCATE {', '.join(changed)} CASCADE")
        for refill in self.refills:
            await connection.execute(refill)


async def _remember(connection: asyncpg.Connection, service: str) -> _Begin:
    await connection.execute(f"CREATE SCHEMA begin_{service}")
    looks, refills = [], []
    for table in await connection.fetch(_TABLES, service):
        columns = table["columns"]
        now, begin = f'{service}."{table["name"]}"', f'begin_{service}."{table["name"]}"'
        await connection.execute(f"CREATE TABLE {begin} AS TABLE {now}")
        filled = await connection.fetchval(f"SELECT EXISTS (TABLE {begin})")
        changed = f"EXISTS (TABLE {now})"
        if filled:
            rows, before = f"SELECT t::text FROM {now} t", f"SELECT t::text FROM {begin} t"
            changed = f"EXISTS ({rows} EXCEPT {before}) OR EXISTS ({before} EXCEPT {rows})"
            refills.append(
                f"INSERT INTO {now} ({columns}) OVERRIDING SYSTEM VALUE"
                f" SELECT {columns} FROM {begin} WHERE NOT EXISTS (TABLE {now})"
            )
        looks.append(f"SELECT $name${now}$name$ AS name WHERE {changed}")
    return _Begin(" UNION ALL ".join(looks), tuple(refills))
