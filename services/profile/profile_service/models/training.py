"""`huiyuan train NAME` on files: read, train, write predictions and the report."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl

from profile_service.models import churn, clv, recommend, report
from profile_service.models.reasons import TOP as REASONS
from profile_service.models.shopping import Progress, Shopping, read

Made = tuple[pl.DataFrame, dict[str, Any], dict[str, Any], pl.DataFrame | None]


@dataclass(frozen=True)
class Files:
    """Where to read from, and where to write to."""

    transactions: Path
    products: Path | None
    predictions: Path
    report: Path


def train_on_files(
    name: str, files: Files, as_of: date, horizon: int, progress: Progress
) -> dict[str, Any]:
    """Train model `name` and write what it says; answers the report. Raises `Unusable`."""
    begun = time.perf_counter()
    progress(f"reading {files.transactions.name}")
    shopping = read(files.transactions, files.products, as_of)
    table, made, seen, extra = TRAINERS[name](shopping, horizon, progress)
    made["seconds"] = round(time.perf_counter() - begun, 1)
    progress("writing")
    report.write_predictions(files.predictions, table)
    if extra is not None:
        report.write_predictions(files.predictions.with_suffix(".reasons.csv"), extra)
    report.write(files.report, made, seen)
    return made


def _clv(shopping: Shopping, horizon: int, progress: Progress) -> Made:
    outcome = clv.train(shopping, horizon, progress)
    return outcome.predictions, outcome.report, dict(outcome.seen), None


def _churn(shopping: Shopping, horizon: int, progress: Progress) -> Made:
    outcome, reasons = churn.train(shopping, horizon, progress)
    extra = None
    if reasons:
        extra = pl.DataFrame({
            "member": outcome.predictions["member"].gather(
                [place for place in outcome.learnt for _ in range(REASONS)]
            ),
            **{
                name: [getattr(reason, name) for reason in reasons]
                for name in ("code", "weight", "zh", "en")
            },
        })  # fmt: skip
    return outcome.predictions, outcome.report, dict(outcome.seen), extra


def _recommend(shopping: Shopping, horizon: int, progress: Progress) -> Made:
    advice = recommend.train(shopping, horizon, progress)
    ranked = advice.ranked
    table = ranked.select(
        shopping.members[ranked["member"].to_numpy()].alias("member"),
        "rank",
        shopping.skus[ranked["sku"].to_numpy()].alias("sku"),
        "is_new",
    )
    return table, advice.report, {}, None


TRAINERS: dict[str, Callable[[Shopping, int, Progress], Made]] = {
    "clv": _clv,
    "churn": _churn,
    "recommend": _recommend,
}
