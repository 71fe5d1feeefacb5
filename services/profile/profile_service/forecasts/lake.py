"""The event lake: what was bought, as Parquet by month, with ids only.

A file's name says how many orders and refunds of the month it holds, so a month is written again
exactly when that has changed: a late order, a refund, an erasure.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import polars as pl
import pyarrow.parquet as pq

from chassis.clock import PROGRAM_ZONE
from chassis.database import Database, Tx

PIECE = 20_000  # orders a row group
SCHEMA = pl.Schema([
    ("subject", pl.Int64), ("order_no", pl.String), ("at", pl.Datetime("us")), ("sku", pl.String),
    ("quantity", pl.Int64), ("amount_fen", pl.Int64), ("store", pl.String),
])  # fmt: skip
_MONTHS = f"""
SELECT month, sum(orders)::bigint AS orders, sum(refunds)::bigint AS refunds FROM (
    SELECT date_trunc('month', paid_at AT TIME ZONE '{PROGRAM_ZONE.key}') AS month,
        count(*) AS orders, 0 AS refunds FROM purchase GROUP BY 1
    UNION ALL
    SELECT date_trunc('month', refunded_at AT TIME ZONE '{PROGRAM_ZONE.key}'), 0, count(*)
        FROM refund GROUP BY 1
) AS counted GROUP BY month ORDER BY month
"""
_ORDERS = f"""
SELECT subject_id, order_no, paid_at, skus, quantities, amounts_fen, store_id FROM purchase
WHERE paid_at >= $1::timestamp AT TIME ZONE '{PROGRAM_ZONE.key}'
    AND paid_at < ($1::timestamp + interval '1 month') AT TIME ZONE '{PROGRAM_ZONE.key}'
    AND (paid_at, order_no) > ($2, $3) ORDER BY paid_at, order_no LIMIT {PIECE}
"""
_REFUNDS = f"""
SELECT subject_id, order_no, refunded_at, refund_fen FROM refund
WHERE refunded_at >= $1::timestamp AT TIME ZONE '{PROGRAM_ZONE.key}'
    AND refunded_at < ($1::timestamp + interval '1 month') AT TIME ZONE '{PROGRAM_ZONE.key}'
ORDER BY refunded_at, refund_no
"""
_MONTHS_OF = f"""
SELECT DISTINCT to_char(at AT TIME ZONE '{PROGRAM_ZONE.key}', 'YYYY-MM') AS month FROM (
    SELECT subject_id, paid_at AS at FROM purchase
    UNION ALL SELECT subject_id, refunded_at FROM refund
) AS booked JOIN subject ON subject.id = subject_id
WHERE root IN (SELECT root FROM subject WHERE member_id = ANY($1::uuid[]))
"""


class Lake:
    """A folder of months."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def files(self) -> str:
        """As DuckDB and Spark name them all."""
        return str(self.folder / "purchase" / "month=*" / "*.parquet")

    async def write(self, db: Database) -> int:
        """Bring every month up to date; answers how many were written.

        Somebody may be erased while a month is being written that still has them: then again.
        """
        written, erased = 0, -1
        while True:
            async with db.transaction(readonly=True) as tx:
                before, erased = erased, await tx.fetchval("SELECT n FROM erasures")
                if before == erased:
                    return written
                months = await tx.fetch(_MONTHS)
            written += await self._write(db, months)

    async def _write(self, db: Database, months: Sequence[Any]) -> int:
        wanted = {f"{row['month']:%Y-%m}": row for row in months}
        for stale in (self.folder / "purchase").glob("month=*"):
            if stale.name.removeprefix("month=") not in wanted:
                _empty(stale, keep=None)
        written = 0
        for month, row in wanted.items():
            place = self._month(month)
            target = place / f"{row['orders']}-{row['refunds']}.parquet"
            if not target.exists():
                await self._write_month(db, row["month"], target)
                written += 1
            _empty(place, keep=target)
        return written

    async def months_of(self, tx: Tx, members: Sequence[UUID]) -> list[str]:
        """The months in which these members bought."""
        return [row["month"] for row in await tx.fetch(_MONTHS_OF, list(members))]

    def forget(self, months: Sequence[str]) -> None:
        """Remove months; the next writing makes them anew from what is left."""
        for month in months:
            _empty(self._month(month), keep=None)

    def _month(self, month: str) -> Path:
        return self.folder / "purchase" / f"month={month}"

    async def _write_month(self, db: Database, month: datetime, target: Path) -> None:
        target.parent.mkdir(parents=True, exist_ok=True)
        part = target.with_suffix(".part")
        empty = pl.DataFrame(schema=SCHEMA).to_arrow()
        with pq.ParquetWriter(part, empty.schema, compression="zstd") as writer:
            async for piece in _pieces(db, month):
                writer.write_table(piece.to_arrow().cast(empty.schema))
        os.replace(part, target)


async def _pieces(db: Database, month: datetime) -> AsyncIterator[pl.DataFrame]:
    """The month's lines, then its refunds: a nameless good given back."""
    last = (datetime(1970, 1, 1, tzinfo=PROGRAM_ZONE), "")
    while True:
        async with db.transaction(readonly=True) as tx:
            rows = await tx.fetch(_ORDERS, month, *last)
        if not rows:
            break
        last = (rows[-1]["paid_at"], rows[-1]["order_no"])
        yield _lines(rows)
    async with db.transaction(readonly=True) as tx:
        rows = await tx.fetch(_REFUNDS, month)
    if rows:
        yield pl.DataFrame(
            [
                (subject, order, _wall(at), "", -1, -fen, "")
                for subject, order, at, fen in rows
            ],
            SCHEMA, orient="row",
        )  # fmt: skip


def _wall(at: datetime) -> datetime:
    return at.astimezone(PROGRAM_ZONE).replace(tzinfo=None)


def _lines(rows: Sequence[Sequence[Any]]) -> pl.DataFrame:
    columns = list(zip(*rows, strict=True))
    return (
        pl.DataFrame({
            "subject": pl.Series(columns[0], dtype=pl.Int64),
            "order_no": pl.Series(columns[1], dtype=pl.String),
            "at": pl.Series([_wall(at) for at in columns[2]], dtype=pl.Datetime("us")),
            "sku": pl.Series(columns[3], dtype=pl.List(pl.String)),
            "quantity": pl.Series(columns[4], dtype=pl.List(pl.Int64)),
            "amount_fen": pl.Series(columns[5], dtype=pl.List(pl.Int64)),
            "store": pl.Series(columns[6], dtype=pl.String),
        })
        .filter(pl.col("sku").list.len() > 0)
        .explode("sku", "quantity", "amount_fen")
    )  # fmt: skip


def _empty(place: Path, keep: Path | None) -> None:
    for file in place.glob("*"):
        if file != keep:
            file.unlink(missing_ok=True)
