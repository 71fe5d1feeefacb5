"""The tables are as declared, and PostgreSQL itself keeps services apart."""

from collections.abc import Awaitable, Callable

import asyncpg
import pytest

from chassis.database import Database, columns_of
from identity_service import tables

DatabaseOf = Callable[[str], Awaitable[Database]]
TABLES = (
    tables.Member, tables.Identifier, tables.Merge, tables.KeptApart, tables.MatchKeys,
    tables.MergeReview, tables.LikenessWeights,
)  # fmt: skip


async def test_tables_are_what_migrations_made(database_of: DatabaseOf) -> None:
    db = await database_of("identity")
    for table in TABLES:
        async with db.transaction() as tx:
            rows = await tx.fetch(
                "SELECT column_name FROM information_schema.columns"
                " WHERE table_schema = 'identity' AND table_name = $1",
                table.__tablename__,
            )
        assert {row["column_name"] for row in rows} == set(columns_of(table))


async def test_postgresql_refuses_a_read_across_schemas(database_of: DatabaseOf) -> None:
    await database_of("points")
    db = await database_of("identity")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with db.transaction() as tx:
            await tx.fetch("SELECT * FROM points.outbox")


async def test_the_service_may_not_change_its_schema(database_of: DatabaseOf) -> None:
    db = await database_of("identity")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with db.transaction() as tx:
            await tx.execute("CREATE TABLE extra (x int)")
