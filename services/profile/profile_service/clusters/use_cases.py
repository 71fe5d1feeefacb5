"""Clusters are found beside everything else, and become segments."""

import asyncio
import functools
import json
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import polars as pl

from chassis.clock import local_date
from chassis.database import Database, Tx
from chassis.logs import log
from contracts import clusters as api
from contracts.points.common import Words as ApiWords
from contracts.segments import SegmentBody
from profile_service.clusters import repository
from profile_service.clusters.domain import (
    Cluster,
    Words,
    described,
    named,
    shown_definition,
    traits_of,
)
from profile_service.segments import use_cases as segments
from profile_service.subjects import repository as subject_rows
from profile_service.tags import use_cases as tags

FINDER = "clusters"  # who defines their segments
NAME = 100  # characters of a segment's name
_PEOPLE = {
    "subject": pl.Int64, "days": pl.Int64, "orders": pl.Int64, "net_fen": pl.Int64,
    "coupon_orders": pl.Int64, "cluster": pl.Int64,
}  # fmt: skip
_SHARES = {"subject": pl.Int64, "kind": pl.String, "name": pl.String, "n": pl.Int64}


async def clusters(tx: Tx) -> api.Clusters:
    """As found last."""
    state = await repository.state(tx)
    return api.Clusters(
        found_at=state["found_at"],
        waiting=state["waiting"],
        data=[_shown(each) for each in await repository.clusters(tx)],
        **(state["report"] or {}),
    )


async def ask(tx: Tx) -> api.Clusters:
    """Find them again, within minutes."""
    await repository.ask(tx)
    return await clusters(tx)


async def ask_when_due(db: Database, now: datetime, every_days: int) -> None:
    """Find them again if they were found so many days ago; 0: never."""
    if not every_days:
        return
    async with db.transaction() as tx:
        found_at = (await repository.state(tx))["found_at"]
        if found_at is None or now - found_at >= timedelta(days=every_days):
            await repository.ask(tx)


async def find_waiting(db: Database) -> bool:
    """Find clusters if that was asked for; answers whether it was."""
    async with db.transaction(readonly=True) as tx:
        if not (await repository.state(tx))["waiting"]:
            return False
        people = await repository.people(tx, local_date(tx.now))
        shares = await repository.shares(tx)
    with tempfile.TemporaryDirectory(prefix="huiyuan-cluster-") as named_folder:
        folder = Path(named_folder)
        _table(people, _PEOPLE).write_parquet(folder / "people.parquet")
        _table(shares, _SHARES).write_parquet(folder / "shares.parquet")
        if not await _run(folder):
            return False  # the next round tries again
        report = json.loads((folder / "found.json").read_text())
        told = folder / "found.parquet"
        rows = list(pl.read_parquet(told).iter_rows()) if told.exists() else []
    async with db.transaction() as tx:
        await _take(tx, rows)
        await repository.finish(tx, report)
    return True


def _table(rows: Sequence[Any], schema: dict[str, Any]) -> pl.DataFrame:
    return pl.DataFrame([tuple(row) for row in rows], schema, orient="row")


async def _run(folder: Path) -> bool:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "profile_service.clusters.worker", str(folder),
        stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    try:
        await process.communicate()
    except asyncio.CancelledError:
        process.kill()
        raise
    if process.returncode:
        log.error("clustering_failed", status=process.returncode)
    return process.returncode == 0


async def _take(tx: Tx, rows: Sequence[tuple[int, int, int | None]]) -> None:
    """Rows of subject, label, and the number that the label's cluster had."""
    await tags.take_turn(tx)
    await subject_rows.erasures(tx)  # nobody is erased meanwhile
    numbers = {label: number for _, label, number in rows if number is not None}
    for label in sorted({label for _, label, _ in rows} - numbers.keys()):
        numbers[label] = await repository.next_number(tx)
    await repository.assign(
        tx, [subject for subject, *_ in rows], [numbers[label] for _, label, _ in rows]
    )
    sizes, tagged = await repository.tags_by_cluster(tx)
    everybody, of_all = sum(sizes.values()), dict[Any, int]()
    for mine in tagged.values():
        for tag, n in mine.items():
            of_all[tag] = of_all.get(tag, 0) + n
    taken: set[Words] = {each.name for each in await repository.clusters(tx)}
    for number in sorted(sizes):
        traits = traits_of(tagged.get(number, {}), sizes[number], of_all, everybody)
        known = await repository.since(tx, number)
        if known is None:
            name = named(traits, words(), taken)
            taken.add(name)
            title = f"{name[0]} / {name[1]}"[:NAME]
            body = SegmentBody(name=title, definition=shown_definition(number))
            segment = await segments.define(tx, body, FINDER)
            known = segment.segment_id, name, tx.now
        segment_id, name, since = known
        now = described(traits, words())
        await repository.save(
            tx, Cluster(number, segment_id, name, now, sizes[number], traits, since)
        )
    await repository.close_others(tx, list(sizes))


@functools.cache
def words() -> dict[str, Words]:
    """What tags are called in names, by `tag` and `tag=value`."""
    text = (Path(__file__).parent / "words.json").read_bytes()
    return msgspec.json.decode(text, type=dict[str, Words])


def _shown(cluster: Cluster) -> api.Cluster:
    return api.Cluster(
        number=cluster.number,
        segment_id=cluster.segment_id,
        name=ApiWords(zh=cluster.name[0], en=cluster.name[1]),
        described=ApiWords(zh=cluster.described[0], en=cluster.described[1]),
        members=cluster.members,
        traits=[api.ClusterTrait(**asdict(each)) for each in cluster.traits],
        since=cluster.since,
    )
