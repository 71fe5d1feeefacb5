"""RFM of the whole population in plain SQL, at any moment."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from chassis.clock import PROGRAM_ZONE
from chassis.database import Tx
from contracts.rfm import RfmStrategy
from profile_service.rfm.domain import Bounds

_MEMBERS = """
WITH bought AS (
    SELECT root, max(paid_at) AS last_at, count(*) AS f, sum(paid_fen) AS paid
    FROM purchase JOIN subject ON subject.id = purchase.subject_id
    WHERE paid_at < $1 GROUP BY root
), returned AS (
    SELECT root, sum(refund_fen) AS refunded
    FROM refund JOIN subject ON subject.id = refund.subject_id
    WHERE refunded_at < $1 GROUP BY root
), rfm AS (
    SELECT root, floor(extract(epoch FROM $1 - last_at) / 86400)::int AS r, f,
        (paid - coalesce(refunded, 0))::bigint AS m
    FROM bought LEFT JOIN returned USING (root)
)"""
_TERCILES = """, bounds AS (
    SELECT percentile_cont(ARRAY[1 / 3.0, 2 / 3.0]) WITHIN GROUP (ORDER BY r) AS r,
        percentile_cont(ARRAY[1 / 3.0, 2 / 3.0]) WITHIN GROUP (ORDER BY f) AS f,
        percentile_cont(ARRAY[1 / 3.0, 2 / 3.0]) WITHIN GROUP (ORDER BY m) AS m,
        percentile_cont(0.8) WITHIN GROUP (ORDER BY m) AS high_value
    FROM rfm
)"""
_CELLS = f"""{_MEMBERS}{_TERCILES}, banded AS (
    SELECT 1 + (rfm.r > bounds.r[1])::int + (rfm.r > bounds.r[2])::int AS r,
        1 + (rfm.f > bounds.f[1])::int + (rfm.f > bounds.f[2])::int AS f,
        1 + (rfm.m > bounds.m[1])::int + (rfm.m > bounds.m[2])::int AS m
    FROM rfm, bounds
)
SELECT format('%s-%s-%s', r, f, m) AS cell, count(*) AS members
FROM banded GROUP BY r, f, m ORDER BY r, f, m"""
_DAYS = f"""{_MEMBERS}
SELECT CASE WHEN r <= 30 THEN '<=30' WHEN r <= 90 THEN '31-90' ELSE '>90' END AS cell,
    count(*) AS members
FROM rfm GROUP BY 1 ORDER BY min(r)"""


async def cells(tx: Tx, scheme: str, at: datetime) -> dict[str, int]:
    """Members by cell; only populated ones."""
    rows = await tx.fetch(_CELLS if scheme == "terciles" else _DAYS, at)
    return {row["cell"]: row["members"] for row in rows}


async def bounds(tx: Tx, at: datetime) -> Any:
    """Row of r, f, m (two bounds each) and high_value; all None where nobody has bought."""
    return await tx.fetchrow(f"{_MEMBERS}{_TERCILES} SELECT * FROM bounds", at)


async def save_bounds(tx: Tx, measured_at: datetime, bounds: Bounds) -> None:
    """Keep a measurement."""
    await tx.execute(
        "INSERT INTO population VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING",
        measured_at, *bounds.frequency, *bounds.monetary, bounds.high_value,
    )  # fmt: skip


async def latest_bounds(tx: Tx) -> Bounds | None:
    """The last measurement."""
    row = await tx.fetchrow(
        "SELECT frequency_lower, frequency_upper, monetary_lower, monetary_upper, high_value"
        " FROM population ORDER BY measured_at DESC LIMIT 1"
    )
    if row is None:
        return None
    *borders, high_value = row
    return Bounds((borders[0], borders[1]), (borders[2], borders[3]), high_value)


_BY_CELL = f"""
SELECT format('%s-%s-%s', r, f, m) AS cell, count(*) AS members FROM (
    SELECT CASE WHEN days <= 30 THEN 1 WHEN days <= 90 THEN 2 ELSE 3 END AS r,
        1 + coalesce((orders > frequency_lower)::int + (orders > frequency_upper)::int, 0) AS f,
        1 + coalesce((net > monetary_lower)::int + (net > monetary_upper)::int, 0) AS m
    FROM (
        SELECT sum(orders) AS orders, greatest(sum(paid_fen - refunded_fen), 0) AS net,
            $1::date - max((last_at AT TIME ZONE '{PROGRAM_ZONE.key}')::date) AS days
        FROM spending JOIN subject ON subject.id = subject_id
        WHERE root NOT IN (SELECT root FROM objection JOIN subject ON id = subject_id)
        GROUP BY root
    ) AS bought LEFT JOIN (SELECT * FROM population ORDER BY measured_at DESC LIMIT 1) AS bounds
        ON true
    WHERE orders > 0
) AS banded GROUP BY r, f, m"""


async def members_by_cell(tx: Tx, today: date) -> dict[str, int]:
    """Members by cell as of a programme day, with the bounds measured last; only populated ones.

    Who objects to conclusions is in none.
    """
    return {row["cell"]: row["members"] for row in await tx.fetch(_BY_CELL, today)}


async def strategies(tx: Tx) -> dict[str, RfmStrategy]:
    """What the shop does of its own, by cell."""
    rows = await tx.fetch("SELECT cell, document, changed_by, changed_at FROM rfm_strategy")
    return {
        cell: RfmStrategy(cell=cell, changed_by=by, changed_at=at, **document)
        for cell, document, by, at in rows
    }


async def save_strategy(tx: Tx, cell: str, document: Mapping[str, Any], by: str) -> None:
    """Write a cell's strategy over what there was."""
    await tx.execute(
        "INSERT INTO rfm_strategy VALUES ($1, $2, $3, $4) ON CONFLICT (cell) DO UPDATE SET"
        " document = excluded.document, changed_by = excluded.changed_by,"
        " changed_at = excluded.changed_at",
        cell, document, by, tx.now,
    )  # fmt: skip


async def drop_strategy(tx: Tx, cell: str) -> None:
    """Forget what the shop wrote."""
    await tx.execute("DELETE FROM rfm_strategy WHERE cell = $1", cell)
