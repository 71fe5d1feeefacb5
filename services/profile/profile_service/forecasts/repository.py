"""Versions, forecasts and stock in the database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from chassis.database import Tx
from contracts.forecasts import StockLevel
from profile_service.forecasts.domain import Forecast, Somebody, Version

# People that nothing is concluded about: they object, or said no to recommendations.
_SILENT = (
    "SELECT root FROM subject JOIN objection ON objection.subject_id = subject.id"
    " UNION SELECT root FROM subject JOIN refusal ON refusal.subject_id = subject.id"
)
_ONE_IS_SILENT = (
    "(EXISTS (SELECT FROM objection WHERE subject_id = ANY($1::bigint[]))"
    " OR EXISTS (SELECT FROM refusal WHERE subject_id = ANY($1::bigint[])))"
)
_SHOWN = (
    "name, version, status, asked_at, finished_at, as_of, horizon_days, accepted, error,"
    " report->>'champion' AS champion, report->'metrics' AS figures"
)


async def ask(tx: Tx, name: str, as_of: date, horizon_days: int) -> Any:
    """Queue a training."""
    await tx.execute("SELECT pg_advisory_xact_lock(hashtext('profile:model_version'))")
    return await tx.fetchrow(
        "INSERT INTO model_version (name, version, status, asked_at, as_of, horizon_days, accepted,"
        " popular) SELECT $1, coalesce(max(version), 0) + 1, 'queued', $2, $3, $4, false, '{}'"
        f" FROM model_version WHERE name = $1 RETURNING {_SHOWN}",
        name, tx.now, as_of, horizon_days,
    )  # fmt: skip


async def versions(tx: Tx, limit: int) -> Sequence[Any]:
    """The newest first."""
    return await tx.fetch(
        f"SELECT {_SHOWN} FROM model_version ORDER BY asked_at DESC, name, version DESC LIMIT $1",
        limit,
    )


async def in_use(tx: Tx, name: str) -> Any:
    """version and report of the newest version that took over, or None."""
    return await tx.fetchrow(
        "SELECT version, report FROM model_version WHERE name = $1 AND accepted"
        " ORDER BY version DESC LIMIT 1",
        name,
    )


async def popular(tx: Tx, limit: int) -> list[str]:
    """SKUs that most members buy, as the recommending version in use saw it."""
    found = await tx.fetchval(
        "SELECT popular[:$1] FROM model_version WHERE name = 'recommend' AND accepted"
        " ORDER BY version DESC LIMIT 1",
        limit,
    )
    return list(found or ())


async def last_asked(tx: Tx) -> datetime | None:
    """When a training was last asked for."""
    asked: datetime | None = await tx.fetchval("SELECT max(asked_at) FROM model_version")
    return asked


async def claim(tx: Tx, abandoned: datetime) -> list[Version]:
    """Start the trainings that wait, or that were begun before `abandoned` and not ended."""
    rows = await tx.fetch(
        "UPDATE model_version AS v SET status = 'running', started_at = $1 FROM ("
        " SELECT name, version FROM model_version WHERE status = 'queued'"
        " OR status = 'running' AND started_at < $2 FOR UPDATE SKIP LOCKED"
        ") AS next WHERE v.name = next.name AND v.version = next.version"
        " RETURNING v.name, v.version, v.as_of, v.horizon_days",
        tx.now, abandoned,
    )  # fmt: skip
    return sorted((Version(*row) for row in rows), key=lambda each: (each.name, each.version))


async def finish(
    tx: Tx, version: Version, report: Mapping[str, Any], popular: Sequence[str], accepted: bool
) -> None:
    """A training is done."""
    await tx.execute(
        "UPDATE model_version SET status = 'done', finished_at = $3, report = $4, popular = $5,"
        " accepted = $6 WHERE name = $1 AND version = $2",
        version.name, version.version, tx.now, report, list(popular), accepted,
    )  # fmt: skip


async def fail(tx: Tx, version: Version, error: str) -> None:
    """A training came to nothing."""
    await tx.execute(
        "UPDATE model_version SET status = 'failed', finished_at = $3, error = $4"
        " WHERE name = $1 AND version = $2",
        version.name, version.version, tx.now, error,
    )  # fmt: skip


async def people(tx: Tx) -> Sequence[tuple[int, int, str | None, int | None, str | None]]:
    """(subject, root, gender, birth_year, city) of all whom something may be concluded about."""
    return await tx.fetch(
        "SELECT subject.id, subject.root, nullif(gender, 'unknown') AS gender, birth_year, city"
        " FROM subject JOIN subject AS top ON top.id = subject.root"
        " LEFT JOIN member ON member.subject_id = subject.root"
        f" WHERE top.member_id IS NOT NULL AND subject.root NOT IN ({_SILENT})"
    )


async def products(tx: Tx) -> Sequence[tuple[str | None, ...]]:
    """sku, department, category, brand of the catalogue."""
    return await tx.fetch("SELECT sku, department, category, brand FROM product")


async def replace(
    tx: Tx, version: Version, rows: Sequence[tuple[int, float | None, dict[str, Any]]]
) -> None:
    """(person, value, detail) instead of what the model said before; only of who is still there."""
    still = {row[1] for row in await people(tx)}
    await tx.execute("DELETE FROM forecast WHERE name = $1", version.name)
    await tx.copy(
        "forecast",
        ("subject_id", "name", "value", "horizon_days", "detail", "made_at"),
        [
            (root, version.name, value, version.horizon_days, detail, tx.now)
            for root, value, detail in rows
            if root in still
        ],
    )


async def replace_goods(tx: Tx, table: str, columns: Sequence[str], rows: Sequence[Any]) -> None:
    """What a model says about goods, instead of what it said before."""
    await tx.execute(f"DELETE FROM {table}")
    await tx.copy(table, columns, rows)


async def popular_among(tx: Tx, groups: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """(kind, sku) of what these groups buy lately, group by group."""
    if not groups:
        return []
    rows = await tx.fetch(
        "SELECT kind, sku FROM popular_goods"
        " JOIN unnest($1::text[], $2::text[]) WITH ORDINALITY AS wanted (kind, key, nth)"
        " USING (kind, key) ORDER BY nth, place",
        [kind for kind, _ in groups], [key for _, key in groups],
    )  # fmt: skip
    return [(kind, sku) for kind, sku in rows]


async def somebody(tx: Tx, root: int) -> Somebody | None:
    """What a member told when registering."""
    row = await tx.fetchrow(
        "SELECT nullif(gender, 'unknown'), birth_year, city FROM member WHERE subject_id = $1", root
    )
    return None if row is None else Somebody(*row)


async def high_risks(tx: Tx, least: float) -> dict[int, tuple[UUID, float]]:
    """Member and chance of those at high risk, by person."""
    rows = await tx.fetch(
        "SELECT subject.id, member_id, value FROM forecast JOIN subject"
        " ON subject.id = forecast.subject_id WHERE name = 'churn' AND value >= $1"
        " AND member_id IS NOT NULL ORDER BY subject.id",
        least,
    )
    return {row["id"]: (row["member_id"], row["value"]) for row in rows}


async def silent(tx: Tx, leaves: Sequence[int]) -> bool:
    """Whether nothing may be concluded about a person; `leaves`: all their subjects."""
    found: bool = await tx.fetchval(f"SELECT {_ONE_IS_SILENT}", list(leaves))
    return found


async def of_person(tx: Tx, leaves: Sequence[int]) -> dict[str, Forecast]:
    """What models say about a person, whatever was merged since; `leaves`: all their subjects."""
    rows = await tx.fetch(
        "SELECT name, value, horizon_days, detail FROM forecast"
        f" WHERE subject_id = ANY($1::bigint[]) AND NOT {_ONE_IS_SILENT}"
        " ORDER BY made_at, subject_id DESC",
        list(leaves),
    )
    return {name: Forecast(value, horizon, detail) for name, value, horizon, detail in rows}


async def goods(tx: Tx, skus: Sequence[str]) -> tuple[frozenset[str], dict[str, str]]:
    """Which of these are out of stock, and the names of those that have one."""
    rows = await tx.fetch(
        "SELECT wanted.sku, on_hand, name FROM unnest($1::text[]) AS wanted (sku)"
        " LEFT JOIN stock ON stock.sku = wanted.sku"
        " LEFT JOIN product ON product.sku = wanted.sku",
        list(skus),
    )
    gone = frozenset(sku for sku, on_hand, _ in rows if on_hand == 0)
    return gone, {sku: name for sku, _, name in rows if name}


async def save_stock(tx: Tx, levels: Sequence[StockLevel]) -> list[str]:
    """Write levels; each SKU once. Answers those that there were none of and are some of now."""
    rows = await tx.fetch(
        "WITH gone AS (SELECT sku FROM stock WHERE sku = ANY($1::text[]) AND on_hand = 0"
        " ORDER BY sku FOR UPDATE), told AS (INSERT INTO stock (sku, on_hand, told_at)"
        " SELECT *, $3::timestamptz FROM unnest($1::text[], $2::int[])"
        " ON CONFLICT (sku) DO UPDATE SET on_hand = excluded.on_hand, told_at = excluded.told_at"
        " RETURNING sku, on_hand) SELECT sku FROM gone JOIN told USING (sku)"
        " WHERE told.on_hand > 0 ORDER BY sku",
        [level.sku for level in levels], [level.on_hand for level in levels], tx.now,
    )  # fmt: skip
    return [row["sku"] for row in rows]
