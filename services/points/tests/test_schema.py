"""`tables.py` is what migration builds, and the ledger cannot be changed by anybody."""

import asyncpg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from services.points.tests.conftest import Shop
from sqlalchemy import Connection, String
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool
from sqlmodel import AutoString

from points_service.tables import Table
from testkit.databases import Databases
from testkit.stack import Stack

CHASSIS = {
    "outbox", "inbox", "idempotency", "dead_letter", "job_run", "bus_state", "alembic_version",
}  # fmt: skip
ATTACKS = [
    "UPDATE entry SET amount = amount + 1",
    "UPDATE journal SET ref = 'x'",
    "DELETE FROM entry",
    "DELETE FROM journal",
    "TRUNCATE entry",
    "TRUNCATE journal",
    "UPDATE checkpoint SET root = ''",
    "DELETE FROM checkpoint",
]
BYPASSES = [
    "INSERT INTO journal VALUES (gen_random_uuid(), 'earn', 'x', now(), now())",
    "INSERT INTO entry (journal_id, account_id, amount) VALUES (gen_random_uuid(), 1, 1)",
    "UPDATE account SET balance = 0",
    "DELETE FROM account",
    "UPDATE lane SET head = 0",
    "ALTER TABLE entry DISABLE TRIGGER ALL",
    "DROP TRIGGER append_only ON entry",
]
POST = "SELECT post(now(), $1::uuid[], $2, $3, $4::timestamptz[], $5, $6, $7, $8, $9)"


def _ours(thing: object, name: str | None, kind: str, *_: object) -> bool:
    return kind in ("table", "column") and name not in CHASSIS


def _other_type(_c: object, _i: object, _m: object, found: object, declared: object) -> bool | None:
    """A `str` is text here; everything else is compared as usual."""
    return False if isinstance(found, String) and isinstance(declared, AutoString) else None


def _differences(connection: Connection) -> list[object]:
    connection.exec_driver_sql("SET search_path TO points")
    options = {"include_object": _ours, "compare_type": _other_type}
    context = MigrationContext.configure(connection, opts=options)
    return list(compare_metadata(context, Table.metadata))


async def test_tables_and_migrations_agree(stack: Stack, databases: Databases) -> None:
    await databases.migrate("points")
    url = stack.admin_dsn.replace("postgresql://", "postgresql+asyncpg://")
    engine = create_async_engine(url, poolclass=NullPool)
    async with engine.connect() as connection:
        assert await connection.run_sync(_differences) == []
    await engine.dispose()


@pytest.mark.parametrize("attack", ATTACKS + BYPASSES)
async def test_the_service_itself_cannot_touch_the_books(shop: Shop, attack: str) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with shop.running.db.transaction() as tx:
            await tx.execute(attack)


@pytest.mark.parametrize("attack", ATTACKS)
async def test_not_even_the_owner_changes_what_is_booked(
    shop: Shop, stack: Stack, attack: str
) -> None:
    owner = await asyncpg.connect(stack.admin_dsn, server_settings={"search_path": "points"})
    try:
        with pytest.raises(asyncpg.RestrictViolationError):
            await owner.execute(attack)
    finally:
        await owner.close()


@pytest.mark.parametrize(
    ("entries", "error"),
    [
        ([("member", "a", 5), ("issuing", "s", -4)], "does not add up"),
        ([("member", "a", -5), ("issuing", "s", 5)], "not_below_zero"),
        ([("debt", "a", 5), ("issuing", "s", -5)], "not_above_zero"),
        ([("member", "a", 5), ("cash", "s", -5)], "does not add up"),  # points are not fen
        ([("pocket", "a", 5), ("cash", "s", -5)], "account_kind_check"),
        ([("member", "a", 0), ("issuing", "s", 0)], "entry_amount_check"),
    ],
)
async def test_wrong_journals_are_refused_by_the_database(
    shop: Shop, entries: list[tuple[str, str, int]], error: str
) -> None:
    with pytest.raises(asyncpg.CheckViolationError, match=error):
        async with shop.running.db.transaction() as tx:
            journal = tx.ids.new()
            kinds, owners, amounts = (list(column) for column in zip(*entries, strict=True))
            await tx.execute(
                POST, [journal], ["earn"], ["r"], [tx.now], kinds, owners, [1, 1], [1, 2], amounts
            )


async def test_one_thing_is_booked_once(shop: Shop) -> None:
    with pytest.raises(asyncpg.UniqueViolationError):
        async with shop.running.db.transaction() as tx:
            journals = [tx.ids.new(), tx.ids.new()]
            await tx.execute(
                POST, journals, ["earn"] * 2, ["r"] * 2, [tx.now] * 2,
                ["issuing", "member"], ["s", "a"], [1, 1, 2, 2], [1, 2, 1, 2], [-1, 1] * 2,
            )  # fmt: skip
