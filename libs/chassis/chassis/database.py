"""One pool, one kind of transaction. SQL text or SQLModel statements, both run by asyncpg."""

import functools
import io
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

import asyncpg
import msgspec
from opentelemetry import propagate
from sqlalchemy.dialects.postgresql.asyncpg import dialect as asyncpg_dialect
from sqlalchemy.sql import ClauseElement

from chassis.clock import Clock
from chassis.ids import Ids
from contracts.base import Event

Query = str | ClauseElement
AtEnd = Callable[["Tx", Sequence[Any]], Awaitable[None]]
_dialect = asyncpg_dialect()  # type: ignore[no-untyped-call]
_UNSURE = (
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.InterfaceError,
    ConnectionError,
    TimeoutError,
)


class Tx:
    """A transaction: queries, the moment it began, ids, and what it will tell the bus.

    `publish` only collects; the outbox row is written with the commit, so that a fact and its
    announcement happen together or not at all.
    """

    def __init__(self, conn: Any, clock: Clock, ids: Ids) -> None:
        self.conn = conn
        self.now: datetime = clock.now()
        self.ids = ids
        self._told: list[Event] = []
        self._last: dict[AtEnd, list[Any]] = {}
        self._after: list[Callable[[], object]] = []
        self._plans_once = False

    async def fetch(self, query: Query, *args: Any) -> list[Any]:
        """All rows."""
        sql, values = compiled(query, args)
        rows: list[Any] = await self.conn.fetch(sql, *values)
        return rows

    async def fetchrow(self, query: Query, *args: Any) -> Any:
        """The first row, or None."""
        sql, values = compiled(query, args)
        return await self.conn.fetchrow(sql, *values)

    async def fetchval(self, query: Query, *args: Any) -> Any:
        """The first column of the first row, or None."""
        sql, values = compiled(query, args)
        return await self.conn.fetchval(sql, *values)

    async def execute(self, query: Query, *args: Any) -> str:
        """Run; answers the command tag (`UPDATE 3`)."""
        sql, values = compiled(query, args)
        tag: str = await self.conn.execute(sql, *values)
        return tag

    async def executemany(self, query: str, rows: Iterable[Sequence[Any]]) -> None:
        """One statement, many rows, one round trip."""
        await self.conn.executemany(query, rows)

    async def plan_once(self) -> None:
        """From here on statements are planned once in a connection's life, not for each argument:
        for those that take longer to plan than to run."""
        if not self._plans_once:
            self._plans_once = True
            await self.execute("SET LOCAL plan_cache_mode = force_generic_plan")

    async def copy(self, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
        """COPY rows into a table (the fastest way in)."""
        await self.conn.copy_records_to_table(table, columns=columns, records=rows)

    async def copy_binary(self, table: str, columns: Sequence[str], data: bytes) -> None:
        """COPY rows that are in PostgreSQL's binary format already."""
        await self.conn.copy_to_table(
            table, columns=columns, source=io.BytesIO(data), format="binary"
        )

    def publish(self, event: Event) -> None:
        """Tell the bus, if and when this transaction commits."""
        self._told.append(event)

    def at_end(self, write: AtEnd, item: Any) -> None:
        """Let `write(tx, items)` be the last thing done, once with all that was handed over.

        What it locks is held for the commit only, and always after everything else.
        """
        self._last.setdefault(write, []).append(item)

    def after_commit(self, action: Callable[[], object]) -> None:
        """Call `action` once the commit has succeeded."""
        self._after.append(action)

    async def flush(self) -> bool:
        """Write what waits for the end, then the outbox rows; answers whether there were any.

        Called by the commit.
        """
        for write, items in self._last.items():
            await write(self, items)
        if not self._told:
            return False
        headers: dict[str, str] = {}
        propagate.inject(headers)
        rows = [
            (self.ids.new(), event.subject, msgspec.json.encode(event), headers, self.now)
            for event in self._told
        ]
        await self.conn.execute(
            "INSERT INTO outbox (message_id, subject, payload, headers, created_at)"
            " SELECT * FROM unnest($1::uuid[], $2::text[], $3::bytea[], $4::jsonb[],"
            " $5::timestamptz[])",
            *(list(column) for column in zip(*rows, strict=True)),
        )
        return True

    def committed(self) -> None:
        """Run what waits for the commit. Called by the commit."""
        for action in self._after:
            action()


class _Once:
    """A connection for one statement; whoever wants a second one needs a transaction."""

    def __init__(self, conn: Any) -> None:
        self._conn = conn

    def __getattr__(self, name: str) -> Any:
        conn, self._conn = self._conn, None
        if conn is None:
            raise RuntimeError("only one statement is a transaction by itself")
        return getattr(conn, name)


class _Statement(Tx):
    def publish(self, event: Event) -> None:
        raise RuntimeError("the outbox row would be a second statement")


class Database:
    """The service's pool. `told` is called after a commit with outbox rows (wakes the relay)."""

    def __init__(self, url: str, schema: str, clock: Clock, ids: Ids, pool_size: int = 8) -> None:
        self._url, self._schema, self._pool_size = url, schema, pool_size
        self.clock, self.ids = clock, ids
        self.told: Callable[[], object] = lambda: None
        self._pool: Any = None

    async def start(self) -> None:
        """Open the pool."""
        self._pool = await asyncpg.create_pool(
            self._url,
            min_size=1,
            max_size=self._pool_size,
            init=_prepare,
            reset=_as_it_is,
            server_settings={"search_path": self._schema, "application_name": self._schema},
            command_timeout=120,
            max_cacheable_statement_size=64 * 1024,  # joints are long, and made of few texts
        )

    async def stop(self) -> None:
        """Close the pool; waits for what runs."""
        if self._pool is not None:
            await self._pool.close()

    @asynccontextmanager
    async def transaction(
        self, *, readonly: bool = False, snapshot: bool = False
    ) -> AsyncIterator[Tx]:
        """A transaction; commits at the end of the block, rolls back on any exception.

        With `snapshot` every query in it sees the moment of the first.
        """
        async with self._pool.acquire() as conn:
            tx = Tx(conn, self.clock, self.ids)
            isolation = "repeatable_read" if snapshot else None
            async with conn.transaction(readonly=readonly, isolation=isolation):
                yield tx
                told = await tx.flush()
        tx.committed()
        if told:
            self.told()

    @asynccontextmanager
    async def statement(self) -> AsyncIterator[Tx]:
        """A transaction of a single statement, which tells the bus nothing: as durable and as whole
        as any, without the round trips of BEGIN and COMMIT. Raises RuntimeError for a second one.
        """
        async with self._pool.acquire() as conn:
            tx = _Statement(_Once(conn), self.clock, self.ids)
            yield tx
        tx.committed()


def undone(error: Exception) -> bool:
    """Whether a transaction that ended with this has certainly done nothing.

    Where the connection was lost, or nobody waited for the answer, the commit may have happened.
    """
    return not isinstance(error, _UNSURE)


async def _as_it_is(_conn: Any) -> None:
    """Transactions leave nothing behind in the session, so a round trip to clean it is saved."""


async def _prepare(conn: Any) -> None:
    await conn.set_type_codec(
        "jsonb",
        encoder=lambda value: b"\x01" + msgspec.json.encode(value),
        decoder=lambda data: msgspec.json.decode(data[1:]),
        schema="pg_catalog",
        format="binary",
    )


def compiled(query: Query, args: Sequence[Any]) -> tuple[str, Sequence[Any]]:
    """SQL text with its arguments, or a SQLAlchemy/SQLModel statement made into both."""
    if isinstance(query, str):
        return query, args
    statement = query.compile(dialect=_dialect, compile_kwargs={"render_postcompile": True})
    params = statement.params
    positions = getattr(statement, "positiontup", None) or []
    return str(statement), [params[name] for name in positions]


@functools.cache
def columns_of(table: type) -> tuple[str, ...]:
    """Column names of a SQLModel table, in order."""
    return tuple(column.name for column in table.__table__.columns)  # type: ignore[attr-defined]
