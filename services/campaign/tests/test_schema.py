"""`tables.py` is what migration builds."""

from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from campaign_service.tables import CampaignRow
from testkit.databases import Databases
from testkit.stack import Stack

CHASSIS = {
    "outbox", "inbox", "idempotency", "dead_letter", "job_run", "bus_state", "alembic_version",
}  # fmt: skip


def _ours(thing: object, name: str | None, kind: str, *_: object) -> bool:
    return kind in ("table", "column") and name not in CHASSIS


def _differences(connection: Connection) -> list[object]:
    connection.exec_driver_sql("SET search_path TO campaign")
    options = {"include_object": _ours, "compare_type": True}
    context = MigrationContext.configure(connection, opts=options)
    return list(compare_metadata(context, CampaignRow.metadata))


async def test_tables_and_migrations_agree(stack: Stack, databases: Databases) -> None:
    await databases.migrate("campaign")
    url = stack.admin_dsn.replace("postgresql://", "postgresql+asyncpg://")
    engine = create_async_engine(url, poolclass=NullPool)
    async with engine.connect() as connection:
        assert await connection.run_sync(_differences) == []
    await engine.dispose()
