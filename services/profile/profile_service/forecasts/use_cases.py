"""Ask for trainings, run them, and answer what they say."""

from __future__ import annotations

import asyncio
import json
import re
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import polars as pl

from chassis.clock import local_date
from chassis.database import Database, Tx
from chassis.joint import Joint
from chassis.problem import Problem
from contracts.forecasts import (
    Churn,
    ChurnReason,
    ModelReport,
    Recommendation,
    Recommendations,
    StockBatch,
    StockResult,
    TrainedModel,
    TrainedModels,
    TrainingRequest,
)
from contracts.points_events import ChurnRiskRaised
from profile_service.forecasts import repository
from profile_service.forecasts.domain import (
    HIGH_RISK,
    HORIZONS,
    Advice,
    Forecast,
    Version,
    groups_of,
    measure,
    offered,
    takes_over,
    words,
)
from profile_service.forecasts.lake import Lake
from profile_service.subjects import repository as subject_rows
from profile_service.watches import use_cases as watches
from profile_service.worth import repository as worth_rows

_KIND = re.compile(r"^([\w.]+(?:Error|Exception))\b", re.MULTILINE)
SHOWN = 60
ABANDONED = timedelta(days=2)
TOLD_AT_ONCE = 1000
POPULAR = 50
GOODS = {
    "recommend": "popular_goods",
    "baskets": "goods_pair",
}  # tables of what is said about goods


@dataclass(frozen=True, slots=True)
class Wish:
    """How recommendations are asked for; not `personal`: no conclusions about the member."""

    limit: int = 10
    fresh: bool = False
    personal: bool = True
    store: str | None = None


async def ask(tx: Tx, name: str, wish: TrainingRequest) -> TrainedModel:
    """Queue a training. Raises Problem 404."""
    _known(name)
    as_of = wish.as_of or local_date(tx.now)
    row = await repository.ask(tx, name, as_of, wish.horizon_days or HORIZONS[name])
    return _shown(row)


async def models(tx: Tx) -> TrainedModels:
    """Versions, the newest first."""
    return TrainedModels(data=[_shown(row) for row in await repository.versions(tx, SHOWN)])


async def report(tx: Tx, name: str) -> ModelReport:
    """Of the version in use. Raises Problem 404."""
    _known(name)
    row = await repository.in_use(tx, name)
    if row is None:
        raise Problem(404, "untrained", "No version of this model is in use yet")
    told = {key: value for key, value in row["report"].items() if key in ModelReport.model_fields}
    return ModelReport.model_validate({**told, "name": name, "version": row["version"]})


async def ask_when_due(db: Database, now: datetime, every_days: int) -> None:
    """Queue all trainings, if the last ones were asked for so many days ago; 0: never."""
    if not every_days:
        return
    async with db.transaction() as tx:
        last = await repository.last_asked(tx)
        if last is None or now - last >= timedelta(days=every_days):
            for name, horizon in HORIZONS.items():
                await repository.ask(tx, name, local_date(now), horizon)


async def train_waiting(db: Database, lake: Lake) -> int:
    """Run the trainings that wait, in one process; answers how many there were."""
    async with db.transaction() as tx:
        versions = await repository.claim(tx, tx.now - ABANDONED)
    if not versions:
        return 0
    await lake.write(db)
    with tempfile.TemporaryDirectory(prefix="huiyuan-train-") as named:
        folder = Path(named)
        await _prepare(db, lake, versions, folder)
        error = await _run(folder)
        for number, version in enumerate(versions):
            told = folder / f"{number}.json"
            result = json.loads(told.read_text()) if told.exists() else {"error": error}
            async with db.transaction() as tx:
                if "error" in result:
                    await repository.fail(tx, version, str(result["error"]))
                else:
                    await _take(tx, version, result, folder / str(number))
    return len(versions)


async def _prepare(db: Database, lake: Lake, versions: Sequence[Version], folder: Path) -> None:
    async with db.transaction(readonly=True) as tx:
        people = await repository.people(tx)
        products = await repository.products(tx)
    schema = {
        "subject": pl.Int64, "member": pl.Int64, "gender": pl.String, "birth_year": pl.Int64,
        "city": pl.String,
    }  # fmt: skip
    pl.DataFrame([tuple(row) for row in people], schema, orient="row").write_parquet(
        folder / "people.parquet"
    )
    columns = dict.fromkeys(("sku", "department", "category", "brand"), pl.String)
    pl.DataFrame([tuple(row) for row in products], columns, orient="row").write_parquet(
        folder / "products.parquet"
    )
    jobs = [
        {"name": each.name, "as_of": each.as_of.isoformat(), "horizon_days": each.horizon_days}
        for each in versions
    ]
    (folder / "jobs.json").write_text(json.dumps({"files": lake.files, "jobs": jobs}))


async def _run(folder: Path) -> str | None:
    """The worker's work; answers what went wrong, without its data."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "profile_service.forecasts.worker", str(folder),
        stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        _, said = await process.communicate()
    except asyncio.CancelledError:
        process.kill()
        raise
    if process.returncode == 0:
        return None
    kinds = _KIND.findall(said.decode(errors="replace"))
    kind = kinds[-1] if kinds else f"status {process.returncode}"
    return f"the training process failed ({kind})"


async def _take(tx: Tx, version: Version, result: dict[str, Any], told: Path) -> None:
    """Keep the report; use the forecasts if the version takes over."""
    used = await repository.in_use(tx, version.name)
    new = measure(result["report"], version.name)
    old = None if used is None else measure(used["report"], version.name)
    accepted = takes_over(version.name, new, old)
    await repository.finish(tx, version, result["report"], result["popular"], accepted)
    if not accepted:
        return
    if version.name in GOODS:
        table = pl.read_parquet(told.with_suffix(".goods.parquet"))
        await repository.replace_goods(tx, GOODS[version.name], table.columns, table.rows())
    file = told.with_suffix(".parquet")
    if not file.exists():
        return
    before = await repository.high_risks(tx, HIGH_RISK)
    table = pl.read_parquet(file).select(pl.col("member").cast(pl.Int64), "value", "detail")
    rows = [(root, value, json.loads(detail)) for root, value, detail in table.iter_rows()]
    await subject_rows.erasures(tx)  # nobody is erased meanwhile
    await repository.replace(tx, version, rows)
    if version.name == "clv":
        await worth_rows.wait(tx)
    if version.name == "churn":
        after = await repository.high_risks(tx, HIGH_RISK)
        risen = [row for person, row in after.items() if person not in before]
        for start in range(0, len(risen), TOLD_AT_ONCE):
            piece = risen[start : start + TOLD_AT_ONCE]
            tx.publish(ChurnRiskRaised(version.as_of, version.horizon_days, piece))


async def recommendations(tx: Tx, member_id: UUID, wish: Wish) -> Recommendations:
    """Goods in stock for a member. Raises Problem 404.

    Who has no list of their own gets what others like them buy (the store; if `personal`, those of
    the same age, the city), then what everybody does.
    """
    first = Joint(tx)
    whom = first.add(subject_rows.person(first.tx, member_id))
    much_bought = first.add(repository.popular(first.tx, POPULAR))
    await first.ask()
    person, popular = whom.found, much_bought.found
    if person is None:
        raise Problem(404, "unknown_member", "There is no such member")
    said, known = None, None
    if wish.personal:
        said = (await repository.of_person(tx, person.leaves)).get("recommend")
    kept = said.detail["fresh" if wish.fresh else "all"] if said else []
    advice = [Advice(sku, because, own) for sku, because, own in kept]
    if wish.personal and not advice and not await repository.silent(tx, person.leaves):
        known = await repository.somebody(tx, person.root)
    groups = [] if advice else groups_of(known, wish.store, local_date(tx.now).year)
    fill = [Advice(sku, None, own=False, among=kind)
            for kind, sku in await repository.popular_among(tx, groups)]  # fmt: skip
    fill += [Advice(sku, None, own=False) for sku in popular]
    mentioned = {each.sku for each in advice} | {each.because for each in advice if each.because}
    gone, names = await repository.goods(tx, sorted(mentioned | {each.sku for each in fill}))
    data = []
    for rank, each in enumerate(offered(advice, fill, gone, wish.limit), 1):
        zh, en = words(each, names)
        data.append(
            Recommendation(
                rank=rank,
                sku=each.sku,
                name=names.get(each.sku),
                because=each.because,
                zh=zh,
                en=en,
            )
        )
    return Recommendations(member_id=person.member_id, personalised=bool(advice), data=data)


def churn_of(silence: Forecast | None) -> Churn | None:
    """The chance that a person buys nothing, for the profile."""
    if silence is None or silence.value is None:
        return None
    return Churn(
        chance=silence.value,
        horizon_days=silence.horizon_days,
        high_risk=silence.value >= HIGH_RISK,
        reasons=[ChurnReason(**each) for each in silence.detail["reasons"]],
    )


async def write_stock(tx: Tx, batch: StockBatch) -> StockResult:
    """Of a SKU that appears twice the last level counts."""
    levels = {level.sku: level for level in batch.stock}
    back = await repository.save_stock(tx, [levels[sku] for sku in sorted(levels)])
    await watches.restocked(tx, back)
    return StockResult(received=len(levels))


def _known(name: str) -> None:
    if name not in HORIZONS:
        raise Problem(404, "unknown_model", "There is no such model")


def _shown(row: Any) -> TrainedModel:
    figures = row["figures"] or {}
    return TrainedModel(
        name=row["name"],
        version=row["version"],
        status=row["status"],
        asked_at=row["asked_at"],
        finished_at=row["finished_at"],
        as_of=row["as_of"],
        horizon_days=row["horizon_days"],
        accepted=row["accepted"],
        champion=row["champion"],
        figures=figures,
        error=row["error"],
    )
