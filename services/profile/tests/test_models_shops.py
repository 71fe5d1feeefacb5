"""Files of any shop: whatever is odd, everybody gets an answer, or it is said why there is none."""

from datetime import date
from pathlib import Path

import polars as pl
import pytest

from profile_service.models.shopping import Unusable, read
from profile_service.models.training import Files, train_on_files
from testkit.shops import Shape, shop

AS_OF = date(2025, 6, 1)


def trained(name: str, table: pl.DataFrame, folder: Path) -> pl.DataFrame:
    """The predictions."""
    source, out = folder / "shop.parquet", folder / f"{name}.csv"
    table.write_parquet(source)
    files = Files(source, None, out, folder / f"{name}.json")
    train_on_files(name, files, AS_OF, 30, lambda _line: None)
    return pl.read_csv(out, schema_overrides={"member": pl.String, "sku": pl.String})


@pytest.mark.parametrize("shape", [Shape.ROUGH, Shape.ONCE, Shape.SHORT, Shape.ALONE])
def test_everybody_gets_an_answer(shape: Shape, tmp_path: Path) -> None:
    table = shop(40, 800, shape=shape, days=120)
    everybody = set(table["member"].cast(pl.String))
    spend, chance, advice = (trained(n, table, tmp_path) for n in ("clv", "churn", "recommend"))
    assert set(spend["member"]) == set(chance["member"]) == set(advice["member"]) == everybody
    assert spend["spend_fen"].is_finite().all() and (spend["spend_fen"] >= 0).all()
    assert chance["p"].is_between(0, 1).all() and chance["p"].is_finite().all()
    goods = table["sku"].cast(pl.String).n_unique()
    first = advice.filter(~pl.col("is_new")).group_by("member").len()
    assert (first["len"] == min(10, goods)).all()
    assert advice.select("member", "is_new", "sku").is_duplicated().sum() == 0


def test_what_cannot_be_used_is_named(tmp_path: Path) -> None:
    plain = shop(5, 60, days=30)
    cases = {
        "only returns": shop(5, 60, shape=Shape.RETURNS),
        "before 2025-06-01": plain.clear(),
        "amount_fen, order_no|order_no, amount_fen": plain.drop("order_no", "amount_fen"),
        "ISO 8601": plain.with_columns(pl.lit("soon").alias("at")),
        "number": plain.with_columns(pl.lit(20170101).alias("at")),
    }
    for words, table in cases.items():
        path = tmp_path / "bad.parquet"
        table.write_parquet(path)
        with pytest.raises(Unusable, match=words):
            read(path, None, AS_OF)
