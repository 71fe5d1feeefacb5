"""Migrated schemas in the session's PostgreSQL, and their return to the state after migration."""

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
        self._migrated: set[str] = set()

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
        if service in self._migrated:
            return
        await migrate(service, self._stack.admin_dsn, self._stack.role_password(service))
        connection = await asyncpg.connect(self._stack.admin_dsn)
        try:
            await connection.execute(f"CREATE SCHEMA begin_{service}")
            for table in await connection.fetch(_TABLES, service):
                name = table["name"]
                await connection.execute(
                    f'CREATE TABLE begin_{service}."{name}" AS TABLE {service}."{name}"'
                )
        finally:
            await connection.close()
        self._migrated.add(service)

    async def empty(self, *services: str) -> None:
        """Rows as after migration, in the schemas named or in all that were migrated."""
        connection = await asyncpg.connect(self._stack.admin_dsn)
        try:
            for service in services or sorted(self._migrated):
                async with connection.transaction():
                    await _restore(connection, service)
        finally:
            await connection.close()

    async def stop(self) -> None:
        """Close every pool."""
        for database in self._open.values():
            await database.stop()


async def _restore(connection: asyncpg.Connection, service: str) -> None:
    # As a replica no trigger fires: append-only tables refuse TRUNCATE otherwise.
    await connection.execute("SET LOCAL session_replication_role = replica")
    tables = await connection.fetch(_TABLES, service)
    names = ", ".join(f'{service}."{table["name"]}"' for table in tables)
    await connection.execute(f"TRUNCATE {names} CASCADE")
    for table in tables:
        name, columns = table["name"], table["columns"]
        await connection.execute(
            f'INSERT INTO {service}."{name}" ({columns}) OVERRIDING SYSTEM VALUE'
            f' SELECT {columns} FROM begin_{service}."{name}"'
        )
