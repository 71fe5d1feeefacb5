"""`tables.py` is what migration builds; the service's role may do no more than it needs."""

import asyncpg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from services.profile.tests.world import World
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from profile_service.tables import Row
from testkit.databases import Databases
from testkit.stack import Stack


def _ours(thing: object, name: str | None, kind: str, *_: object) -> bool:
    return kind == "column" or (kind == "table" and name in Row.metadata.tables)


def _differences(connection: Connection) -> list[object]:
    connection.exec_driver_sql("SET search_path TO profile")
    options = {"include_object": _ours, "compare_type": True}
    context = MigrationContext.configure(connection, opts=options)
    return list(compare_metadata(context, Row.metadata))


async def test_tables_and_migrations_agree(stack: Stack, databases: Databases) -> None:
    await databases.migrate("profile")
    url = stack.admin_dsn.replace("postgresql://", "postgresql+asyncpg://")
    engine = create_async_engine(url, poolclass=NullPool)
    async with engine.connect() as connection:
        assert await connection.run_sync(_differences) == []
    await engine.dispose()


async def test_the_role_makes_partitions_and_nothing_else(world: World) -> None:
    make = "SELECT add_partition($1, '209911', '2099-11-01 00:00Z', '2099-12-01 00:00Z')"
    async with world.db.transaction() as tx:
        await tx.execute(make, "activity")
        await tx.execute(make, "activity")  # there already
    with pytest.raises(asyncpg.RaiseError):
        await world.value(make, "outbox")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with world.db.transaction() as tx:
            await tx.execute("CREATE TABLE mine ()")
