"""A profile database that has seen a lot: rows made by the server itself, before measuring."""

import asyncpg

_YEAR = "timestamptz '2025-01-01 00:00Z'"
_PART_KEYS = 4_000_000
# Sorted like the index, so that making fifty million rows takes minutes and not an hour.
_ACTIVITIES = f"""
INSERT INTO activity (subject_id, occurred_at, message_key, event, channel, properties)
SELECT 1000000 + n / 500, {_YEAR} + (n % 500) * interval '17 hours' + n % 1000 * interval '1 s',
    hashint8extended(n, 1), 'Product Viewed', 'app',
    jsonb_build_object('product_id', n % 97, 'category', 'dairy', 'price', 3.99, 'position', n % 20)
FROM generate_series($1::bigint, $2::bigint) AS n
"""
_KEYS = """
INSERT INTO seen SELECT hashint8extended(n, 1), $3::date, $4::int
FROM generate_series($1::bigint, $2::bigint) AS n ORDER BY 1
"""
_DAYS = """
INSERT INTO activity_day SELECT 1000000 + n / 30, date '2025-12-01' + (n % 30)::int,
    'Product Viewed', 'app', 16, timestamptz '2025-12-31 00:00Z'
FROM generate_series($1::bigint, $2::bigint) AS n
"""


async def fill(dsn: str, events: int) -> None:
    """So many activities of the last year, all of whose messageIds still count as seen."""
    connection = await asyncpg.connect(dsn, server_settings={"search_path": "profile"})
    try:
        await connection.execute("SET synchronous_commit = off")
        for month in range(1, 13):
            low, high = f"2025-{month:02}-01", f"{2025 + month // 12}-{month % 12 + 1:02}-01"
            await connection.execute(
                "SELECT add_partition('activity', $1, $2, $3)",
                f"2025{month:02}", f"{low} 00:00Z", f"{high} 00:00Z",
            )  # fmt: skip
        week = await connection.fetchval(
            "SELECT date_trunc('week', now() AT TIME ZONE 'PRC')::date"
        )
        for part, first in enumerate(range(0, events, _PART_KEYS)):
            last = min(first + _PART_KEYS, events) - 1
            await connection.execute(_ACTIVITIES, first, last)
            await connection.execute(_DAYS, first // 16, last // 16 - 1)
            await connection.execute("SELECT add_seen_part($1, $2)", week, part)
            await connection.execute(_KEYS, first, last, week, part)
            await connection.execute(
                "UPDATE seen_part SET size = $3 WHERE week = $1 AND part = $2",
                week, part, last - first + 1,
            )  # fmt: skip
        await connection.execute("ANALYZE activity, activity_day, seen")
    finally:
        await connection.close()
