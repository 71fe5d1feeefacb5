"""Members with a year behind them, for the profile's bench: rows made by the server itself."""

from datetime import date, timedelta

import asyncpg

SKUS, ORDERS, LINES, ACTIVITIES, OFFERED = 200, 24, 6, 60, 20
_WHO = "FROM subject AS s JOIN member ON subject_id = s.id"
_ANY = "1 + (s.id * 31 + n * 17 + line * 7) % {}"
_LINES = (
    "ARRAY(SELECT {} FROM generate_series(1, %d) AS line)" % LINES  # noqa: UP031
)
_FACTS = (
    f"""
INSERT INTO purchase (order_no, paid_at, subject_id, store_id, channel, paid_fen, coupons, skus,
    quantities, amounts_fen)
SELECT s.id || '-' || n, now() - n * interval '15 days' - (s.id % 80000) * interval '1 s', s.id,
    's-1', (ARRAY['pos', 'ecommerce', 'miniprogram'])[1 + n % 3], {LINES} * 1000, (n % 5 = 0)::int,
    {_LINES.format("'sku-' || " + _ANY.format(SKUS))}, {_LINES.format("1")},
    {_LINES.format("1000")}
{_WHO}, generate_series(1, {ORDERS}) AS n""",
    f"""
INSERT INTO spending SELECT subject_id, count(*), count(*) * {LINES}, sum(paid_fen), 0,
    sum(coupons), min(paid_at), max(paid_at), max(paid_at) - interval '15 days',
    '{{"channel": {{"pos": {ORDERS // 3}, "ecommerce": {ORDERS // 3}, "miniprogram":
    {ORDERS // 3}}}, "daypart": {{"evening": {ORDERS}}}, "department": {{"dairy": 90000, "fruit":
    54000}}}}' FROM purchase GROUP BY subject_id
ON CONFLICT DO NOTHING""",
    f"""
INSERT INTO activity (subject_id, occurred_at, message_key, event, channel, properties)
SELECT s.id, now() - n * interval '35 hours' - (s.id % 5000) * interval '1 s',
    hashint8extended(s.id * {ACTIVITIES} + n, 1),
    (ARRAY['Product Viewed', 'Product Added', 'Checked In', 'Store Entered'])[1 + n % 4], 'app',
    jsonb_build_object('sku', 'sku-' || 1 + (s.id + n) % {SKUS}, 'price', 9.9)
{_WHO}, generate_series(1, {ACTIVITIES}) AS n""",
    """
INSERT INTO activity_day SELECT subject_id, (occurred_at AT TIME ZONE 'Asia/Shanghai')::date, event,
    channel, count(*), max(occurred_at) FROM activity WHERE subject_id IS NOT NULL
GROUP BY 1, 2, 3, 4 ON CONFLICT DO NOTHING""",
    f"""
INSERT INTO trait SELECT s.id, trait.*, now(), s.id {_WHO},
    (VALUES ('style', '"organic"'::jsonb), ('family_size', '3')) AS trait (name, value)
ON CONFLICT DO NOTHING""",
    f"""
INSERT INTO forecast (subject_id, name, value, horizon_days, detail, made_at)
SELECT s.id, name, value, horizon, detail, now() {_WHO}, (VALUES
    ('clv', 52000.0, 92, '{{"band": "middle"}}'::jsonb),
    ('churn', 0.21, 30, '{{"reasons": []}}'::jsonb),
    ('recommend', NULL, 30, (SELECT jsonb_build_object('all', goods, 'fresh', goods) FROM
        (SELECT jsonb_agg(jsonb_build_array('sku-' || n, 'sku-' || n + 40, false)) AS goods
        FROM generate_series(1, {OFFERED}) AS n) AS few))
) AS model (name, value, horizon, detail)""",
    f"""
INSERT INTO stock SELECT 'sku-' || n, n % 7, now() FROM generate_series(1, {SKUS}) AS n
ON CONFLICT DO NOTHING""",
    "INSERT INTO touched (subject_id) SELECT subject_id FROM member",
)


async def fill(dsn: str) -> None:
    """Orders, behaviour, traits, forecasts and stock, of every member there is; tags are due."""
    connection = await asyncpg.connect(dsn, server_settings={"search_path": "profile"})
    try:
        await connection.execute("SET synchronous_commit = off")
        month = (date.today() - timedelta(days=400)).replace(day=1)
        while month <= date.today():
            after = (month + timedelta(days=31)).replace(day=1)
            for table in ("purchase", "activity"):
                bounds = [f"{day} 00:00Z" for day in (month, after)]
                await connection.execute(
                    "SELECT add_partition($1, $2, $3, $4)", table, f"{month:%Y%m}", *bounds
                )
            month = after
        for statement in _FACTS:
            await connection.execute(statement)
        await connection.execute("ANALYZE")
    finally:
        await connection.close()


async def undecided(dsn: str) -> int:
    """Members whose tags are still to be looked at."""
    connection = await asyncpg.connect(dsn, server_settings={"search_path": "profile"})
    try:
        return int(await connection.fetchval("SELECT count(*) FROM touched"))
    finally:
        await connection.close()
