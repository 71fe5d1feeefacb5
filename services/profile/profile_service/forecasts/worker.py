"""Trainings in a process of their own: `python -m profile_service.forecasts.worker FOLDER`.

FOLDER holds jobs.json, people.parquet (subject, member: the person's root) and products.parquet; it
gets, for the n-th job, n.parquet (member, value, detail as JSON) and n.json. Numbers crunched here
do not hold up the service, and memory goes back when it ends.
"""

from __future__ import annotations

import json
import sys
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import polars as pl

from profile_service.models import churn, clv, outlook, recommend, report
from profile_service.models.reasons import TOP as REASONS
from profile_service.models.shopping import COLUMNS, Shopping, Unusable, shape

OFFERED = 20
Told = tuple[pl.DataFrame, dict[str, Any], dict[str, Any], list[str]]


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
            table, made, seen, popular = TRAINERS[job["name"]](shopping, job["horizon_days"])
        except Unusable as error:
            _write(folder / f"{number}.json", {"error": str(error)})
            continue
        whole = {**made, "plots": report.embedded(made, seen)}
        table.write_parquet(folder / f"{number}.parquet")
        _write(folder / f"{number}.json", {"report": whole, "popular": popular})


def _write(path: Path, result: dict[str, Any]) -> None:
    path.write_text(json.dumps(result, ensure_ascii=False))


def _clv(shopping: Shopping, horizon: int) -> Told:
    outcome = clv.train(shopping, horizon, quiet)
    years = np.round(outlook.ahead(shopping, horizon), 4)
    details = [json.dumps({"ahead": row}) for row in years.tolist()]
    table = outcome.predictions.select("member", pl.col("spend_fen").alias("value"))
    return table.with_columns(pl.Series("detail", details)), outcome.report, outcome.seen, []


def _churn(shopping: Shopping, horizon: int) -> Told:
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
    return table.with_columns(pl.Series("detail", details)), outcome.report, outcome.seen, []


def _recommend(shopping: Shopping, horizon: int) -> Told:
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
    return table, advice.report, {}, [skus[sku] for sku in advice.popular]


TRAINERS = {"clv": _clv, "churn": _churn, "recommend": _recommend}

if __name__ == "__main__":
    run(Path(sys.argv[1]))
