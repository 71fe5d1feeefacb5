"""What the files do not show: compressed values, escapes in JSON columns, Redis."""

import json
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest
import redis.asyncio as redis

from allinone.demo.households import Person, people, secrets_of
from allinone.pii import live
from allinone.pii import scanner as scan
from allinone.pii.files import scan_files
from testkit.stack import Stack


@pytest.fixture(scope="module")
def crowd() -> list[Person]:
    return list(people(range(300)).values())


@pytest.fixture(scope="module")
def scanner(crowd: list[Person]) -> scan.Scanner:
    return scan.Scanner(secrets_of(crowd))


@pytest.fixture
async def table(stack: Stack) -> AsyncIterator[Any]:
    connection = await asyncpg.connect(stack.admin_dsn)
    try:
        await connection.execute(
            "CREATE SCHEMA planted CREATE TABLE long (id int, words text, raw bytea, doc json)"
        )
        yield connection
    finally:
        await connection.execute("DROP SCHEMA planted CASCADE")
        await connection.close()


async def test_a_clean_database_is_clean(scanner: scan.Scanner, stack: Stack, table: Any) -> None:
    await table.execute(
        "INSERT INTO planted.long SELECT n, repeat(n::text, 99) FROM generate_series(1, 20000) n"
    )
    result = await live.scan_database(scanner, stack.admin_dsn)
    assert result.hits == 0
    assert result.places >= 1
    assert result.bytes > scan.CHUNK


async def test_compressed_and_escaped_values_are_found(
    scanner: scan.Scanner, crowd: list[Person], stack: Stack, table: Any
) -> None:
    filler = "很长" * 3000
    await table.execute(
        "INSERT INTO planted.long VALUES (1, $1, $2, $3)",
        filler + crowd[1].street + filler,
        crowd[2].name.encode(),
        json.dumps({"phone": crowd[3].phone, "name": crowd[4].name}),
    )
    compressed = await table.fetchval("SELECT pg_column_compression(words) FROM planted.long")
    assert compressed == "pglz"
    result = await live.scan_database(scanner, stack.admin_dsn)
    assert {(found.place, found.kind, found.form) for found in result.findings} == {
        ("planted.long", "street", "utf-8"),
        ("planted.long", "name", "hex"),
        ("planted.long", "phone", "utf-8"),
        ("planted.long", "name", "json"),
    }


async def test_the_files_of_a_checkpointed_database_show_it_too(
    scanner: scan.Scanner, crowd: list[Person], stack: Stack, table: Any
) -> None:
    await table.execute("INSERT INTO planted.long VALUES (1, $1)", f"tel {crowd[5].phone}")
    await live.scan_database(scanner, stack.admin_dsn)
    result = scan_files(scanner, stack.home.root)
    places = {found.place for found in result.findings if found.kind == "phone"}
    assert any("/base/" in place for place in places), places
    assert any("/pg_wal/" in place for place in places), places


async def test_redis_is_read_whatever_its_types(
    scanner: scan.Scanner, crowd: list[Person], stack: Stack
) -> None:
    client: Any = redis.from_url(stack.redis_url)
    try:
        await client.set("plain", crowd[0].phone)
        await client.hset("hash", mapping={crowd[1].phone: "1"})
        await client.rpush("list", "x", crowd[2].phone)
        await client.zadd("zset", {crowd[3].phone: 1.5})
        await client.xadd("stream", {"to": crowd[4].phone})
        await client.set(f"limit:{crowd[5].phone}", 1)
        await client.sadd("set", crowd[6].phone)
        result = await live.scan_redis(scanner, stack.redis_url)
        assert result.findings == (scan.Finding("redis", "phone", "utf-8", 7),)
    finally:
        await client.flushall()
        await client.aclose()
