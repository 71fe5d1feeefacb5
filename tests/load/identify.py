"""`huiyuan bench identify`: whose the identifiers of a batch of 500 events are.

Through the service's own code, a transaction a batch: what is remembered, what has to be read from
the tables, and what is remembered while others are linked and merged all the time. Beside it a bare
dictionary and Redis' MGET of the same 500 keys.
"""

import asyncio
import os
import random
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from pathlib import Path
from uuid import UUID

import numpy as np
import redis.asyncio
import uvloop

sys.path.append(str(Path(__file__).resolve().parents[2]))  # the bench is run by its path

from allinone.home import Home
from allinone.servers import External, Servers
from allinone.supervisor import Supervisor
from chassis.clock import SystemClock
from chassis.database import Database
from chassis.ids import Ids
from chassis.migrate import migrate
from identity_service.identifiers.owners import Owners
from tests.load.figures import Row, show

MEMBERS = int(os.environ.get("BENCH_MEMBERS", "100000"))
EVENTS, BATCHES, VISITING = 500, 1_000, 50_000  # people who are about at one time
UNKNOWN = 0.2  # of the anonymous ids
PORTION = 20_000

FILL = """
INSERT INTO member (member_id, registered_at, language, filled, fingerprint)
    SELECT md5(n::text)::uuid, '2020-01-01Z', 'zh', '{}', ''
    FROM generate_series($1::int, $2::int) AS n;
INSERT INTO identifier (index, kind, member_id, original_member_id, linked_at, source)
    SELECT kind || ':' || md5(kind || n), kind, md5(n::text)::uuid, md5(n::text)::uuid,
        '2020-01-01Z', 'registration'
    FROM generate_series($1::int, $2::int) AS n, unnest(ARRAY['device_id', 'external']) AS kind
"""
_INDEXES = """
SELECT 'device_id:' || md5('device_id' || n) AS device, 'external:' || md5('external' || n) AS named
FROM generate_series(1, $1::int) AS n
"""
_MOVE = """
UPDATE identifier SET member_id = md5($2::text)::uuid
    WHERE index = 'external:' || md5('external' || $1)
"""


def main(json_file: Path | None) -> int:
    """Boot PostgreSQL and Redis, fill, measure, print, write; about a minute."""
    with tempfile.TemporaryDirectory(prefix="hy-", ignore_cleanup_errors=True) as folder:
        rows = uvloop.run(_measure(Path(folder)))
    return show(f"identify, {EVENTS} events a batch", rows, json_file)


async def _measure(folder: Path) -> list[Row]:
    home = Home(folder).prepare()
    servers, supervisor = Servers(home, External()), Supervisor(home.logs)
    await servers.start(supervisor)
    try:
        await migrate("identity", servers.admin_dsn, servers.role_password("identity"))
        clock = SystemClock()
        db = Database(servers.service_dsn("identity"), "identity", clock, Ids(clock))
        await db.start()
        store = redis.asyncio.Redis.from_url(servers.redis_url)
        try:
            return await _figures(db, store, await _fill(db))
        finally:
            await store.aclose()
            await db.stop()
    finally:
        await supervisor.stop(*servers.names)


async def _fill(db: Database) -> list[list[str]]:
    """Members with a device and an account each; batches of whom is about."""
    for begin in range(1, MEMBERS + 1, PORTION):
        async with db.transaction() as tx:
            for statement in FILL.split(";\n"):
                await tx.execute(statement, begin, min(begin + PORTION - 1, MEMBERS))
    async with db.transaction() as tx:
        await tx.execute("ANALYZE identifier")
        known = await tx.fetch(_INDEXES, VISITING)
    rng = random.Random(1)
    about = [
        (f"device_id:?{n}" if rng.random() < UNKNOWN else row["device"], row["named"])
        for n, row in enumerate(known)
    ]
    return [
        [index for pair in rng.choices(about, k=EVENTS // 2) for index in pair]
        for _ in range(BATCHES)
    ]


async def _figures(
    db: Database, store: "redis.asyncio.Redis", batches: Sequence[Sequence[str]]
) -> list[Row]:
    remembered = Owners()

    async def ask(owners: Owners, batch: Sequence[str]) -> int:
        async with db.transaction(readonly=True) as tx:
            return len((await owners.of(tx, batch))[0])

    plain: dict[str, UUID] = {}
    for batch in batches:
        await ask(remembered, batch)
        async with db.transaction(readonly=True) as tx:
            found, _ = await remembered.of(tx, batch)
        plain |= {index: owner.member_id for index, owner in found.items()}
    await store.mset({index: member.bytes for index, member in plain.items()})

    async def bare(batch: Sequence[str]) -> int:
        return sum(index in plain for index in batch)

    async def mget(batch: Sequence[str]) -> int:
        return sum(each is not None for each in await store.mget(batch))

    cold = await _times(lambda batch: ask(Owners(), batch), batches[:200])
    warm = await _times(lambda batch: ask(remembered, batch), batches)
    floor, beside = await _times(bare, batches), await _times(mget, batches)
    moving = asyncio.create_task(_merging(db))
    try:
        busy = await _times(lambda batch: ask(remembered, batch), batches)
    finally:
        moving.cancel()
        with suppress(asyncio.CancelledError):
            await moving
    return [
        Row("remembered_p50_ms", warm[0], "redis_mget_p50_ms", beside[0], "", "to_redis_p50"),
        Row("remembered_p99_ms", warm[1], "redis_mget_p99_ms", beside[1], "≤ 5", "to_redis_p99"),
        Row("a_hundred_moves_a_second_p50_ms", busy[0], "dictionary_p50_ms", floor[0]),
        Row("a_hundred_moves_a_second_p99_ms", busy[1], "dictionary_p99_ms", floor[1], "≤ 5"),
        Row("from_tables_p50_ms", cold[0], "identifiers", 2 * MEMBERS),
        Row("from_tables_p99_ms", cold[1]),
    ]


async def _merging(db: Database) -> None:
    """Accounts change hands, each in a transaction, a hundred a second at most."""
    rng = random.Random(2)
    while True:
        async with db.transaction() as tx:
            await tx.execute(_MOVE, str(rng.randrange(VISITING)), str(rng.randrange(1, MEMBERS)))
        await asyncio.sleep(0.01)


async def _times(
    ask: Callable[[Sequence[str]], Awaitable[int]], batches: Sequence[Sequence[str]]
) -> tuple[float, float]:
    """Milliseconds of a batch: median, 99th percentile. Every one finds somebody."""
    waits = []
    for batch in batches:
        began = time.perf_counter()
        assert await ask(batch)
        waits.append((time.perf_counter() - began) * 1000)
    p50, p99 = np.percentile(waits, (50, 99))
    return float(p50), float(p99)
