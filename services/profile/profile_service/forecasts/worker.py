"""Trainings in a process of their own: `python -m profile_service.forecasts.worker FOLDER`.

FOLDER holds jobs.json, people.parquet (subject, member: the person's root, gender, birth_year,
city) and products.parquet; it gets, for the n-th job, n.json, and what the model says about members
in n.parquet (member, value, detail as JSON) or about goods in n.goods.parquet. Numbers crunched
here do not hold up the service, and memory goes back when it ends.
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import polars as pl

from profile_service.models import churn, clv, newcomers, outlook, pairs, recommend, report, weekly
from profile_service.models.reasons import TOP as REASONS
from profile_service.models.shopping import COLUMNS, Shopping, Unusable, day_of, shape

OFFERED = 20


@dataclass(frozen=True)
class Told:
    """What a model says: its report (with `seen`, for plots), a row a member, rows about goods, and
    the goods that most buy."""

    report: dict[str, Any]
    seen: dict[str, Any] = field(default_factory=dict)
    table: pl.DataFrame | None = None
    goods: pl.DataFrame | None = None
    popular: list[str] = field(default_factory=list)


def quiet(_line: str) -> None:
    """Nobody watches a job's steps."""


def load(files: str, as_of: str, folder: Path) -> Shopping:
    """The lake's lines of known people before the day. Raises Unusable where there are none."""
    with duckdb.connect(config={"threads": 2}) as database:
        try:
            table = database.sql(
                'SELECT people.member::VARCHAR AS member, order_no, "at", sku, quantity,'
                f" amount_fen, store FROM read_parquet('{files}') AS line JOIN"
                f" read_parquet('{folder / 'people.parquet'}') AS people"
                f" ON people.subject = line.subject WHERE \"at\" < DATE '{as_of}'"
            ).to_arrow_table()
        except duckdb.IOException as error:
            raise Unusable("nothing was bought yet") from error
    raw = pl.from_arrow(table)
    assert isinstance(raw, pl.DataFrame)
    products = pl.read_parquet(folder / "products.parquet")
    return shape(raw.select(COLUMNS), products, date.fromisoformat(as_of))


def run(folder: Path) -> None:
    """Train and write."""
    told = json.loads((folder / "jobs.json").read_text())
    read: dict[str, Shopping] = {}
    for number, job in enumerate(told["jobs"]):
        try:
            as_of = job["as_of"]
            shopping = read[as_of] = read.get(as_of) or load(told["files"], as_of, folder)
            made = TRAINERS[job["name"]](shopping, job["horizon_days"], folder)
        except Unusable as error:
            _write(folder / f"{number}.json", {"error": str(error)})
            continue
        whole = {**made.report, "plots": report.embedded(made.report, made.seen)}
        if made.table is not None:
            made.table.write_parquet(folder / f"{number}.parquet")
        if made.goods is not None:
            made.goods.write_parquet(folder / f"{number}.goods.parquet")
        _write(folder / f"{number}.json", {"report": whole, "popular": made.popular})


def _write(path: Path, result: dict[str, Any]) -> None:
    path.write_text(json.dumps(result, ensure_ascii=False))


def _clv(shopping: Shopping, horizon: int, _folder: Path) -> Told:
    outcome = clv.train(shopping, horizon, quiet)
    years = np.round(outlook.ahead(shopping, horizon), 4)
    details = [json.dumps({"ahead": row}) for row in years.tolist()]
    table = outcome.predictions.select("member", pl.col("spend_fen").alias("value"))
    return Told(
        outcome.report, dict(outcome.seen), table.with_columns(pl.Series("detail", details))
    )


def _churn(shopping: Shopping, horizon: int, _folder: Path) -> Told:
    outcome, reasons = churn.train(shopping, horizon, quiet)
    by_code: dict[int, list[dict[str, Any]]] = {}
    for number, code in enumerate(outcome.learnt):
        mine = reasons[number * REASONS : (number + 1) * REASONS]
        by_code[code] = [
            {"code": each.code, "weight": each.weight, "zh": each.zh, "en": each.en}
            for each in mine
        ]
    details = [
        json.dumps({"reasons": by_code.get(code, [])}, ensure_ascii=False)
        for code in range(len(shopping.members))
    ]
    table = outcome.predictions.select("member", pl.col("p").alias("value"))
    return Told(
        outcome.report, dict(outcome.seen), table.with_columns(pl.Series("detail", details))
    )


def _recommend(shopping: Shopping, horizon: int, folder: Path) -> Told:
    advice = recommend.train(shopping, horizon, quiet, top=OFFERED)
    skus = shopping.skus.to_list()
    lists: list[dict[str, list[Any]]] = [{"all": [], "fresh": []} for _ in shopping.members]
    had = recommend.had(shopping)
    for member, _, sku, is_new, because in advice.ranked.iter_rows():
        reason = None if because is None else skus[because]
        own = (member, sku) in had
        lists[member]["fresh" if is_new else "all"].append([skus[sku], reason, own])
    table = pl.DataFrame({
        "member": shopping.members,
        "value": pl.Series([None] * len(lists), dtype=pl.Float64),
        "detail": [json.dumps(each, ensure_ascii=False) for each in lists],
    })  # fmt: skip
    popular = [skus[sku] for sku in advice.popular]
    return Told(advice.report, table=table, goods=_among(shopping, folder), popular=popular)


def _among(shopping: Shopping, folder: Path) -> pl.DataFrame:
    """What is popular among groups: kind, key, place, sku, buyers."""
    people = pl.read_parquet(folder / "people.parquet").unique("member")
    year = day_of(shopping.as_of).year
    who = people.select(
        pl.col("member").cast(pl.String), pl.col("city"),
        (pl.col("gender") + ":" + ((year - pl.col("birth_year")) // 10 * 10).cast(pl.String))
        .alias("age"),
    )  # fmt: skip
    codes = newcomers.lately(shopping, shopping.as_of)
    bought = codes.with_columns(
        shopping.members[codes["member"].to_numpy()].alias("member"),
        shopping.stores[codes["store"].to_numpy()].alias("store"),
    ).join(who, on="member", how="left")
    lists = []
    for kind in ("store", "age", "city"):
        found = newcomers.popular(bought, kind)
        lists.append(
            found.select(
                pl.lit(kind).alias("kind"),
                pl.col(kind).alias("key"),
                "place",
                shopping.skus[found["sku"].to_numpy()].alias("sku"),
                pl.col("members").cast(pl.Int64).alias("buyers"),
            )
        )
    return pl.concat(lists)


def _sales(shopping: Shopping, horizon: int, _folder: Path) -> Told:
    return Told(weekly.train(shopping, horizon, quiet))


def _baskets(shopping: Shopping, horizon: int, _folder: Path) -> Told:
    found = pairs.train(shopping, horizon, quiet)
    return Told(found.report, goods=found.pairs.rename({"members": "buyers"}))


TRAINERS = {
    "clv": _clv, "churn": _churn, "recommend": _recommend, "sales": _sales, "baskets": _baskets,
}  # fmt: skip

if __name__ == "__main__":
    run(Path(sys.argv[1]))
