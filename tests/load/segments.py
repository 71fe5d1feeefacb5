"""`huiyuan bench segments`: a segment of six conditions over a million members with forty tags.

Through the service's own code: bitmaps are read from PostgreSQL as at a start, counts and pages are
use cases in a transaction each, and a flip is a change of facts that is decided, committed and
counted. Beside it the same question to DuckDB over its own table, to bare roaring bitmaps, and to
PostgreSQL over the rows that the bitmaps came from.
"""

import os
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from statistics import median
from typing import Any

import duckdb
import numpy as np
import uvloop
from pyroaring import BitMap

sys.path.append(str(Path(__file__).resolve().parents[2]))  # the bench is run by its path

from allinone.home import Home
from allinone.servers import External, Servers
from allinone.supervisor import Supervisor
from chassis.clock import SystemClock
from chassis.database import Database
from chassis.ids import Ids
from chassis.migrate import migrate
from contracts import segments as api
from profile_service.segments import use_cases as segments
from profile_service.segments.bitmaps import Bitmaps
from profile_service.segments.domain import told_key
from profile_service.subjects import repository as subject_rows
from profile_service.tags import use_cases as tags
from tests.load.figures import Row, show

MEMBERS = int(os.environ.get("BENCH_MEMBERS", "1000000"))
TAGS, ROUNDS, PAGE, FLIPS = 40, 30, 50, 200
ASKED = (1, 4, 7, 10, 13, 16)

# Tag n is had by every person whose mixed number falls below its share.
_SHARE = "(5 + (tag * 37) % 55)"
_HAS = f"(hashint8(root * 64 + tag) & 1023) * 100 < 1024 * {_SHARE}"
FILL = f"""
INSERT INTO subject (id, root, member_id)
    SELECT n, n, md5(n::text)::uuid FROM generate_series(1, {MEMBERS}) AS n;
INSERT INTO member (subject_id, registered_at, language)
    SELECT n, '2020-01-01Z', 'zh' FROM generate_series(1, {MEMBERS}) AS n;
INSERT INTO condition (key) SELECT key FROM unnest($1::text[]) WITH ORDINALITY AS k (key, place)
    ORDER BY place;
INSERT INTO standing (subject_id, conditions, segments, version)
    SELECT root, ARRAY(SELECT tag FROM generate_series(1, {TAGS}) AS tag WHERE {_HAS}), '{{}}',
        (SELECT nextval('standing_version'))
    FROM generate_series(1, {MEMBERS}::bigint) AS root;
ANALYZE subject; ANALYZE standing;
"""


def definition() -> dict[str, Any]:
    """Six conditions: four that must hold, one that must not, one of two that may."""
    a, b, c, d, e, f = ({"tag": f"tag_{n}"} for n in ASKED)
    return {"all": [a, b, {"any": [c, d]}, e, {"not": f}]}


def main(json_file: Path | None) -> int:
    """Boot PostgreSQL, fill, measure, print, write; about two minutes."""
    with tempfile.TemporaryDirectory(prefix="hy-", ignore_cleanup_errors=True) as folder:
        rows = uvloop.run(_measure(Path(folder)))
    return show("segments", rows, json_file)


async def _measure(folder: Path) -> list[Row]:
    home = Home(folder).prepare()
    servers, supervisor = Servers(home, External()), Supervisor(home.logs)
    await servers.start(supervisor)
    try:
        await migrate("profile", servers.admin_dsn, servers.role_password("profile"))
        clock = SystemClock()
        db = Database(servers.service_dsn("profile"), "profile", clock, Ids(clock))
        await db.start()
        try:
            await _fill(db)
            return await _figures(db)
        finally:
            await db.stop()
    finally:
        await supervisor.stop(*servers.names)


async def _fill(db: Database) -> None:
    keys = [told_key(f"tag_{n}") for n in range(1, TAGS + 1)]
    async with db.transaction() as tx:
        for statement in FILL.split(";\n"):
            if statement.strip():
                await tx.execute(statement, *([keys] if "$1" in statement else []))


async def _figures(db: Database) -> list[Row]:
    bitmaps = Bitmaps()
    began = time.perf_counter()
    async with db.transaction(readonly=True) as tx:
        await bitmaps.follow(tx)
    start_s = time.perf_counter() - began
    began = time.perf_counter()
    async with db.transaction() as tx:
        body = api.SegmentBody(name="bench", definition=definition())
        segment_id = (await segments.define(tx, body, "bench")).segment_id
    define_s = time.perf_counter() - began

    async def preview() -> int:
        async with db.transaction(readonly=True) as tx:
            body = api.PreviewBody(definition=definition())
            return (await segments.preview(tx, bitmaps, body)).members

    async def count() -> int:
        async with db.transaction(readonly=True) as tx:
            return (await segments.count(tx, bitmaps, segment_id)).members

    async def first_page() -> int:
        async with db.transaction(readonly=True) as tx:
            return len((await segments.members(tx, bitmaps, segment_id, PAGE, None)).data)

    rules_ms, by_rules = await _median(preview)
    count_ms, counted = await _median(count)
    page_ms, shown = await _median(first_page)
    duck_ms, by_duck = _duckdb(bitmaps)
    raw_ms, by_raw, flip_us = _roaring(bitmaps)
    rows_ms, by_rows = await _median(lambda: _postgres(db), 5)
    assert by_rules == counted == by_duck == by_raw == by_rows > 0 and shown == PAGE
    seen_ms = await _flips(db, count)
    return [
        Row("count_by_rules_ms", rules_ms, "duckdb_native_ms", duck_ms, "≤ 20", "rules_to_duckdb"),
        Row("count_by_rules_ms", rules_ms, "raw_roaring_ms", raw_ms, "", "rules_to_roaring"),
        Row("count_by_rules_ms", rules_ms, "postgresql_rows_ms", rows_ms),
        Row("count_of_a_segment_ms", count_ms, "", None, "≤ 20"),
        Row("first_page_ms", page_ms, "", None, "≤ 50"),
        Row("flip_committed_and_counted_ms", seen_ms, "raw_flip_us", flip_us, "at once"),
        Row("members_in_segment", counted, "members", MEMBERS),
        Row("bitmaps_read_at_start_s", start_s, "segment_defined_for_all_s", define_s),
    ]


async def _median(ask: Callable[[], Awaitable[int]], rounds: int = ROUNDS) -> tuple[float, int]:
    """Milliseconds of the median call, and its answer."""
    waits, answer = [], await ask()
    for _ in range(rounds):
        began = time.perf_counter()
        answer = await ask()
        waits.append((time.perf_counter() - began) * 1000)
    return median(waits), answer


def _of(bitmaps: Bitmaps, n: int) -> BitMap:
    return bitmaps.of_key(told_key(f"tag_{n}"))


def _duckdb(bitmaps: Bitmaps) -> tuple[float, int]:
    """The same tags as a table of forty truth columns."""
    top = int(bitmaps.everybody.max()) + 1
    table: dict[str, Any] = {}
    for n in range(1, TAGS + 1):
        column = np.zeros(top, dtype=bool)
        column[np.array(_of(bitmaps, n), dtype=np.int64)] = True
        table[f"t{n}"] = column
    connection = duckdb.connect()
    connection.register("given", table)
    connection.execute("CREATE TABLE tag AS SELECT * FROM given")
    a, b, c, d, e, f = (f"t{n}" for n in ASKED)
    text = f"SELECT count(*) FROM tag WHERE {a} AND {b} AND ({c} OR {d}) AND {e} AND NOT {f}"
    waits, answer = [], 0
    for _ in range(ROUNDS):
        began = time.perf_counter()
        answer = int(connection.execute(text).fetchall()[0][0])
        waits.append((time.perf_counter() - began) * 1000)
    return median(waits), answer


def _roaring(bitmaps: Bitmaps) -> tuple[float, int, float]:
    """The same six bitmaps with no service around them, and one bit set and cleared."""
    a, b, c, d, e, f = (_of(bitmaps, n) for n in ASKED)
    waits, answer = [], 0
    for _ in range(ROUNDS):
        began = time.perf_counter()
        answer = len((a & b & (c | d) & e) - f)
        waits.append((time.perf_counter() - began) * 1000)
    own, ordinals = BitMap(a), range(1, 100_000)
    began = time.perf_counter()
    for ordinal in ordinals:
        own.add(ordinal)
        own.discard(ordinal)
    return median(waits), answer, (time.perf_counter() - began) * 1e6 / (2 * len(ordinals))


async def _postgres(db: Database) -> int:
    a, b, c, d, e, f = ASKED
    async with db.transaction(readonly=True) as tx:
        return int(
            await tx.fetchval(
                f"SELECT count(*) FROM standing WHERE conditions @> '{{{a},{b},{e}}}'"
                f" AND conditions && '{{{c},{d}}}' AND NOT conditions @> '{{{f}}}'"
            )
        )


async def _flips(db: Database, count: Callable[[], Awaitable[int]]) -> float:
    """One member's facts change, tags and segments are decided, and the next count has it."""
    waits = []
    for n in range(1, FLIPS + 1):
        before = await count()
        async with db.transaction(readonly=True) as tx:
            inside = await tx.fetchval("SELECT segments <> '{}' FROM standing"
                                       " WHERE subject_id = $1", n)  # fmt: skip
        began = time.perf_counter()
        async with db.transaction() as tx:
            await subject_rows.touch(tx, [n])
            await tags.review(tx)
        after = await count()
        waits.append((time.perf_counter() - began) * 1000)
        assert after == before - bool(inside)  # none of the forty follows from its facts
    return median(waits)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]) if sys.argv[1:] else None))
