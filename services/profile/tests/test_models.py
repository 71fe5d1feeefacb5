"""Models on a shop made here: what they see, what they say, and what they do when data is poor."""

import json
import subprocess
import sys
from datetime import date, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from profile_service.models import churn, clv, recommend
from profile_service.models.learning import plan
from profile_service.models.metrics import calibration_error, chance, ndcg, spend
from profile_service.models.reasons import kind_of
from profile_service.models.shopping import Unusable, number_of, read, shape
from profile_service.models.training import Files, train_on_files

START = date(2025, 1, 1)
AS_OF = date(2025, 6, 1)
HABITS = {"bread": "bakery", "milk": "dairy", "tea": "drinks", "rice": "staples", "soap": "home"}


def quiet(_line: str) -> None:
    """Progress that nobody reads."""


SCHEMA = pl.Schema([
    ("member", pl.String), ("order_no", pl.String), ("at", pl.Datetime("us")), ("sku", pl.String),
    ("quantity", pl.Int64), ("amount_fen", pl.Int64), ("store", pl.String),
])  # fmt: skip


def shop(members: int = 240, days: int = 200, seed: int = 5) -> pl.DataFrame:
    """Members with rhythms of their own; some leave; most keep to three goods."""
    dice = np.random.default_rng(seed)
    goods = [f"{name}-{n}" for name in HABITS for n in range(8)]
    rows: list[tuple[str, str, datetime, str, int, int, str]] = []
    for member in range(members):
        gap = dice.gamma(2.0, 6.0) + 1
        leaves = dice.exponential(160)
        mine = dice.choice(goods, 4, replace=False)
        day, order = dice.uniform(0, 40), 0
        while day < min(days, leaves):
            at = datetime.combine(START, datetime.min.time()) + timedelta(days=day)
            for sku in {*dice.choice(mine, 2), dice.choice(goods)}:
                fen = int(dice.integers(200, 3000))
                rows.append((f"m{member}", f"{member}-{order}", at, str(sku), 1, fen, "s1"))
            if dice.random() < 0.03:
                rows.append((f"m{member}", f"{member}-{order}", at, str(mine[0]), -1, -300, "s1"))
            day, order = day + dice.exponential(gap), order + 1
    return pl.DataFrame(rows, SCHEMA, orient="row")


def catalogue() -> pl.DataFrame:
    return pl.DataFrame(
        [(f"{name}-{n}", kind, int(n > 0)) for name, kind in HABITS.items() for n in range(8)],
        schema=["sku", "department", "stock"], orient="row",
    )  # fmt: skip


@pytest.mark.parametrize("name", ["clv", "churn", "recommend"])
def test_nothing_after_the_day_is_looked_at(name: str, tmp_path: Path) -> None:
    whole = shop(120)
    later = pl.col("at") >= AS_OF
    other = pl.concat([
        whole.filter(~later),
        whole.filter(later).with_columns(
            pl.lit("stranger").alias("member"), pl.col("amount_fen") * 1000,
            pl.lit("bread-99").alias("sku"),
        ),
    ]).sample(fraction=1.0, shuffle=True, seed=1)  # fmt: skip
    answers = []
    for number, table in enumerate((whole, other)):
        source, out = tmp_path / f"{number}.parquet", tmp_path / f"{number}.csv"
        table.write_parquet(source)
        made = train_on_files(
            name, Files(source, None, out, tmp_path / f"{number}.json"), AS_OF, 30, quiet
        )
        answers.append((out.read_bytes(), {**made, "seconds": 0}))
    assert answers[0] == answers[1]
    assert json.loads((tmp_path / "0.json").read_text())["plots"]


def test_formats_and_zones_say_the_same(tmp_path: Path) -> None:
    table = shop(60, 120)
    text = pl.col("at").dt.strftime("%Y-%m-%dT%H:%M:%S")
    table.write_parquet(tmp_path / "a.parquet")
    table.with_columns(pl.col("at").dt.replace_time_zone("Asia/Shanghai")).write_parquet(
        tmp_path / "b.parquet"
    )
    table.with_columns(text).write_csv(tmp_path / "c.csv")
    table.with_columns(text + "+08:00").write_csv(tmp_path / "d.csv")
    made = [
        read(tmp_path / name, None, AS_OF) for name in ("a.parquet", "b.parquet", "c.csv", "d.csv")
    ]
    for other in made[1:]:
        assert_frame_equal(made[0].lines, other.lines)


def test_everybody_has_a_row_and_poor_data_is_answered() -> None:
    once = pl.DataFrame(
        [("new", "1", datetime(2025, 5, 31), "tea-1", 1, 500, "s1"),
         ("back", "2", datetime(2025, 5, 30), "tea-1", -1, -500, "s1")],
        schema=SCHEMA, orient="row",
    )  # fmt: skip
    for table in (once, pl.concat([shop(80, 20), once]), pl.concat([shop(80, 145), once])):
        shopping = shape(table, catalogue(), AS_OF)
        names = shopping.members.to_list()
        spends = clv.train(shopping, 92, quiet).predictions
        chances = churn.train(shopping, 30, quiet)[0].predictions
        assert spends["member"].to_list() == chances["member"].to_list() == names
        assert chances["p"].is_between(0, 1).all() and (spends["spend_fen"] >= 0).all()
        advice = recommend.train(shopping, 30, quiet).ranked
        assert advice["member"].unique().to_list() == list(range(len(names)))


def test_unusable_files_say_why(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    cases = {
        "member,at\na,b\n": "order_no",
        "member,order_no,at,sku,quantity,amount_fen,store\na,1,yesterday,x,1,5,s\n": "ISO 8601",
        "member,order_no,at,sku,quantity,amount_fen,store\na,1,2030-01-01,x,1,5,s\n": "before",
    }
    for text, words in cases.items():
        path.write_text(text)
        with pytest.raises(Unusable, match=words):
            read(path, None, AS_OF)
    with pytest.raises(Unusable, match="no file"):
        read(tmp_path / "none.parquet", None, AS_OF)
    (tmp_path / "bad.parquet").write_bytes(b"PAR1")
    with pytest.raises(Unusable, match="neither"):
        read(tmp_path / "bad.parquet", None, AS_OF)


def test_recommendations_are_ten_of_each_in_stock_and_explained() -> None:
    shopping = shape(shop(), catalogue(), AS_OF)
    advice = recommend.train(shopping, 30, quiet)
    counts = advice.ranked.group_by("member", "is_new").len()
    assert counts.height == 2 * len(shopping.members)
    assert (counts.filter(~pl.col("is_new"))["len"] == 10).all()
    assert not set(advice.ranked["sku"]) & set(shopping.gone) and len(shopping.gone) == 5
    had = shopping.lines.filter(pl.col("amount") > 0).select("member", "sku").unique()
    fresh = advice.ranked.filter("is_new")
    assert fresh.join(had, on=["member", "sku"], how="semi").is_empty()
    assert advice.ranked["because"].null_count() < advice.ranked.height / 2
    assert advice.report["metrics"]["ranker"]["ndcg10_all"] > 0.2


def test_the_blend_gives_way_where_the_baseline_is_right() -> None:
    """Everybody spends the same each day, but for a member count that no model can improve on."""
    days = [datetime(2025, 1, 1) + timedelta(days=n) for n in range(150)]
    steady = pl.DataFrame(
        [(f"m{m}", f"{m}-{n}", at, "tea", 1, 100 * (m + 1), "s")
         for m in range(60) for n, at in enumerate(days)],
        schema=SCHEMA, orient="row",
    )  # fmt: skip
    outcome = clv.train(shape(steady, None, date(2025, 5, 31)), 30, quiet)
    assert outcome.report["champion"] == "baseline"
    exact = [3000.0 * (int(name[1:]) + 1) for name in outcome.predictions["member"]]
    assert outcome.predictions["spend_fen"].to_list() == pytest.approx(exact)


def test_churn_beats_recency_and_says_why() -> None:
    shopping = shape(shop(600), None, AS_OF)
    outcome, reasons = churn.train(shopping, 30, quiet)
    figures = outcome.report["metrics"]
    assert figures["blend"]["auc"] > figures["recency"]["auc"]
    assert figures["blend"]["brier"] < figures["recency"]["brier"]
    assert outcome.report["champion"] in ("trees", "blend")
    assert len(reasons) == 3 * len(outcome.learnt)
    assert kind_of("recency_gaps") == "away" and kind_of("expected_visits") == "rhythm"


def test_plans_keep_horizons_apart() -> None:
    first = number_of(date(2025, 1, 1))
    made = plan(first, first + 273, 92)
    assert made.test == made.cuts[0] == first + 273 - 92
    assert made.early[0] + 92 <= made.test and min(made.early) - first >= 28
    assert plan(first, first + 100, 92).cuts == ()
    assert plan(first, first + 130, 92).test is None


def test_metrics_by_hand() -> None:
    one = np.array([1.0, 2.0, 3.0, 4.0, 5.0])
    assert spend(one, one)["mae"] == 0 and spend(one, one)["top20_capture"] == 1
    assert spend(-one, one)["spearman"] == pytest.approx(-1)
    assert ndcg({1: [7, 8]}, {1: {8}}) == pytest.approx(1 / np.log2(3))
    assert ndcg({}, {}) == 0
    said, happened = np.array([0.1, 0.4, 0.4, 0.8]), np.array([0.0, 0.0, 1.0, 1.0])
    assert chance(said, happened)["auc"] == pytest.approx(3.5 / 4)
    assert chance(said, np.zeros(4))["auc"] == 0.5
    assert calibration_error(np.array([0.05, 0.95]), np.array([0.0, 1.0])) == pytest.approx(0.05)


def test_lightgbm_needs_no_library_of_the_system() -> None:
    """scikit-learn's OpenMP under the wanted name is what a machine without one gets."""
    if sys.platform != "linux":
        pytest.skip("only Linux wheels want libgomp.so.1")
    code = (
        "from profile_service.models import boosting\n"
        "assert boosting.lend_openmp()\n"
        "import lightgbm\n"
        "maps = open('/proc/self/maps').read()\n"
        "assert '/libgomp.so.1' not in maps, 'the system library was loaded'\n"
        "print(lightgbm.__version__)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_without_lightgbm_another_library_trains(monkeypatch: pytest.MonkeyPatch) -> None:
    from profile_service.models import boosting  # noqa: PLC0415

    monkeypatch.setattr(boosting, "lightgbm", lambda: None)
    monkeypatch.setattr(churn, "EFFORT", boosting.Effort(rounds=15, rate=0.2, leaves=6))
    shopping = shape(shop(120), None, AS_OF)
    outcome, reasons = churn.train(shopping, 30, quiet)
    assert outcome.report["engine"].startswith("scikit-learn") and reasons == []
    assert outcome.predictions["p"].is_between(0, 1).all()
