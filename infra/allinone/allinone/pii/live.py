"""The byte scan where bytes on disk are not the whole truth: table contents and Redis.

PostgreSQL compresses long values and keeps fresh pages in memory, so each table is read as a dump
would write it. Our Redis keeps nothing on disk.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import asyncpg
import redis.asyncio as redis

from allinone.pii.scanner import CHUNK, NOTHING, Scanned, Scanner, Sweep

_TABLES = """
SELECT format('%I.%I', n.nspname, c.relname) AS name,
       string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum) AS columns
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
WHERE c.relkind IN ('r', 'm') AND a.attlen = -1
  AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast')
GROUP BY 1
ORDER BY 1
"""
_SAMPLES = "SELECT most_common_vals, histogram_bounds FROM pg_catalog.pg_stats"


async def scan_database(
    scanner: Scanner, dsn: str, told: Callable[[str], None] = lambda _: None
) -> Scanned:
    """Every column of every table that can hold text; `dsn` must be allowed to read them all.

    And what the planner has sampled of them. `told` hears of each table. Columns of fixed width
    (numbers, times, UUIDs) cannot hold a name or an identifier as text.
    """
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute("CHECKPOINT")  # what is in memory reaches the files
        total = NOTHING
        for table in await connection.fetch(_TABLES):
            told(table["name"])
            query = f"SELECT {table['columns']} FROM {table['name']}"
            total += await _scan_copy(scanner, connection, query, table["name"])
        return total + await _scan_copy(scanner, connection, _SAMPLES, "pg_stats")
    finally:
        await connection.close()


async def _scan_copy(
    scanner: Scanner, connection: asyncpg.Connection[Any], query: str, place: str
) -> Scanned:
    """Scan one block in a thread while the next one arrives."""
    sweep = Sweep(scanner, place)
    gathered = bytearray()
    scanning: asyncio.Task[None] | None = None

    async def take(data: bytes) -> None:
        nonlocal scanning
        gathered.extend(data)
        if len(gathered) < CHUNK:
            return
        if scanning is not None:
            await scanning
        scanning = asyncio.create_task(asyncio.to_thread(sweep.feed, bytes(gathered)))
        gathered.clear()

    # CSV, because the text format would double the backslash of a JSON escape
    await connection.copy_from_query(query, output=take, format="csv")
    if scanning is not None:
        await scanning
    await asyncio.to_thread(sweep.feed, bytes(gathered))
    return Scanned(1, sweep.bytes, tuple(sweep.finish()))


_READ = {
    "string": ("GET", ()),
    "hash": ("HGETALL", ()),
    "list": ("LRANGE", (0, -1)),
    "set": ("SMEMBERS", ()),
    "zset": ("ZRANGE", (0, -1)),
    "stream": ("XRANGE", ("-", "+")),
}


async def scan_redis(scanner: Scanner, url: str) -> Scanned:
    """Every key and value of a Redis."""
    client: Any = redis.from_url(url)
    sweep = Sweep(scanner, "redis")
    try:
        async for key in client.scan_iter(count=1000):
            kind = await client.execute_command("TYPE", key)
            command, rest = _READ[kind.decode()]
            value = await client.execute_command(command, key, *rest)
            sweep.feed(b"\n".join((key, *_parts(value))) + b"\n")
        return Scanned(1, sweep.bytes, tuple(sweep.finish()))
    finally:
        await client.aclose()


def _parts(value: Any) -> Iterator[bytes]:
    """The strings in an answer, however it is nested; None (expired meanwhile) has none."""
    if isinstance(value, bytes):
        yield value
    elif isinstance(value, dict):
        yield from _parts(list(value.items()))
    elif isinstance(value, (list, tuple, set)):
        for each in value:
            yield from _parts(each)
    elif value is not None:
        yield str(value).encode()
