"""Transactions as the models want them: checked, ordered, and nothing after a day."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import polars as pl

EPOCH = date(1970, 1, 1)
COLUMNS = ("member", "order_no", "at", "sku", "quantity", "amount_fen", "store")
SKU_NAMES = ("sku", "product_id", "product", "item")
Progress = Callable[[str], None]


class Unusable(ValueError):
    """The data cannot be used; says what is wrong and what to do."""


def number_of(day: date) -> int:
    """Days since 1970-01-01: what the lake calls `day`."""
    return (day - EPOCH).days


@dataclass(frozen=True)
class Shopping:
    """What was bought before a day.

    `lines`: member (u32 code), order_no (u32 code), day (i32, days since 1970), hour (i8), sku
    (u32 code), quantity (f64), amount (f64, fen; negative: returned), store (u32 code). Codes are
    places in `members`, `skus` and `stores`, which are sorted, so results do not depend on the
    order of rows. `products`: sku (code) and the attribute columns there are, as strings. `gone`:
    codes of goods that are out of stock.
    """

    lines: pl.DataFrame
    members: pl.Series
    skus: pl.Series
    products: pl.DataFrame
    gone: pl.Series
    as_of: int
    stores: pl.Series

    @property
    def first_day(self) -> int:
        """The first day there is."""
        return int(self.lines["day"].min())  # type: ignore[arg-type]

    @property
    def history(self) -> int:
        """Days from the first one to `as_of`."""
        return self.as_of - self.first_day

    def before(self, cut: int) -> pl.DataFrame:
        """Lines of days before `cut`."""
        return self.lines.filter(pl.col("day") < cut)


def read(
    transactions: Path, products: Path | None, as_of: date, keep_until: date | None = None
) -> Shopping:
    """Files as `Shopping`; lines at or after `as_of` (or `keep_until`, to judge) are not kept.

    Parquet or CSV, told by content of the name's end. Raises `Unusable`.
    """
    table = _open(transactions, "transactions")
    names = table.collect_schema().names()
    missing = [name for name in COLUMNS if name not in names and name != "store"]
    if missing:
        raise Unusable(
            f"{transactions}: columns {', '.join(missing)} are missing;"
            f" wanted: {', '.join(COLUMNS)}"
        )
    if "store" not in names:
        table = table.with_columns(pl.lit("").alias("store"))
    raw = table.select(COLUMNS).collect()
    catalogue = None if products is None else _open(products, "products").collect()
    return shape(raw, catalogue, keep_until or as_of)


def _open(path: Path, what: str) -> pl.LazyFrame:
    if not path.exists():
        raise Unusable(f"{what}: there is no file {path}")
    try:
        if path.suffix.lower() in (".csv", ".txt", ".gz"):
            table = pl.scan_csv(path, infer_schema=False)
        else:
            table = pl.scan_parquet(path)
        table.collect_schema()
    except (pl.exceptions.PolarsError, OSError) as error:
        raise Unusable(f"{what}: {path} is neither Parquet nor CSV ({error})") from error
    return table


def shape(raw: pl.DataFrame, products: pl.DataFrame | None, as_of: date) -> Shopping:
    """`COLUMNS` of any readable type as `Shopping` before `as_of`; see `read`."""
    typed = raw.select(
        pl.col("member").cast(pl.String),
        pl.col("order_no").cast(pl.String),
        wall_clock(raw["at"]),
        pl.col("sku").cast(pl.String).fill_null(""),
        pl.col("quantity").cast(pl.Float64, strict=False).fill_null(1.0),
        pl.col("amount_fen").cast(pl.Float64, strict=False).alias("amount"),
        pl.col("store").cast(pl.String).fill_null(""),
    )
    whole = typed.drop_nulls(["member", "at", "amount"]).with_columns(
        pl.col("order_no").fill_null(pl.col("member") + "@" + pl.col("at").cast(pl.String))
    )
    if whole.height < raw.height / 2:
        raise Unusable(
            "more than half of the rows have no readable member, time or amount_fen:"
            " times are ISO 8601 (2017-10-01T12:00:00, with or without zone), amounts are numbers"
        )
    kept = whole.filter(pl.col("at") < as_of)
    if kept.is_empty():
        raise Unusable(f"nothing was bought before {as_of}")
    if kept.filter((pl.col("amount") >= 0) & (pl.col("quantity") >= 0)).is_empty():
        raise Unusable(
            f"before {as_of} there are only returns (negative quantity or amount_fen): nothing to"
            " learn from"
        )
    members, skus, stores = (kept[name].unique().sort() for name in ("member", "sku", "store"))
    lines = kept.select(
        _code("member", members),
        _code("order_no", kept["order_no"].unique().sort()),
        (pl.col("at").dt.epoch("d")).cast(pl.Int32).alias("day"),
        pl.col("at").dt.hour().cast(pl.Int8).alias("hour"),
        _code("sku", skus),
        "quantity",
        "amount",
        _code("store", stores),
    ).sort("day", "hour", "member", "order_no", "sku", "amount", "quantity", "store")
    described, gone = _attributes(products, skus)
    return Shopping(lines, members, skus, described, gone, number_of(as_of), stores)


def _code(name: str, known: pl.Series) -> pl.Expr:
    """Places in `known`, as unsigned numbers."""
    return pl.col(name).replace_strict(
        known, pl.Series(np.arange(len(known), dtype=np.uint32)), return_dtype=pl.UInt32
    )


def wall_clock(at: pl.Series) -> pl.Series:
    """Times as read off the wall where they were written: a zone is dropped, never converted."""
    at = at.alias("at")
    if at.dtype == pl.Date:
        return at.cast(pl.Datetime("us"))
    if at.dtype.is_temporal():
        return at.dt.replace_time_zone(None).cast(pl.Datetime("us"))
    if at.dtype.is_numeric():
        raise Unusable("`at` is a number; wanted are times (ISO 8601 or a timestamp column)")
    text = at.cast(pl.String).str.strip_chars().str.replace(" ", "T", literal=True).str.slice(0, 19)
    return text.str.to_datetime("%Y-%m-%dT%H:%M:%S", strict=False).fill_null(
        text.str.slice(0, 16).str.to_datetime("%Y-%m-%dT%H:%M", strict=False).fill_null(
            text.str.slice(0, 10).str.to_datetime("%Y-%m-%d", strict=False)
        )
    )  # fmt: skip


def _attributes(products: pl.DataFrame | None, skus: pl.Series) -> tuple[pl.DataFrame, pl.Series]:
    """Attributes of goods that were sold (columns with 2 to 5,000 different values), and which of
    them a column `stock` says there are none of."""
    none = pl.DataFrame({"sku": pl.Series([], dtype=pl.UInt32)})
    if products is None or products.is_empty():
        return none, none["sku"]
    key = next((name for name in SKU_NAMES if name in products.columns), None)
    if key is None:
        raise Unusable(f"products: one column must be called {' or '.join(SKU_NAMES)}")
    table = products.rename({key: "sku"}).with_columns(pl.all().cast(pl.String))
    table = (
        table.unique("sku", keep="first", maintain_order=True)
        .filter(pl.col("sku").is_in(skus.implode()))
        .with_columns(_code("sku", skus))
        .sort("sku")
    )
    gone = none["sku"]
    if "stock" in table.columns:
        left = pl.col("stock").cast(pl.Float64, strict=False)
        gone = table.filter(left <= 0)["sku"]
    useful = [
        name for name in table.columns
        if name not in ("sku", "stock") and 2 <= table[name].drop_nulls().n_unique() <= 5000
    ]  # fmt: skip
    return (table.select("sku", *useful) if useful and table.height else none), gone


def day_of(number: int) -> date:
    """The date of a `day`."""
    return EPOCH + timedelta(days=number)
