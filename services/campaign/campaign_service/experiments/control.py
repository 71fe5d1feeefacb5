"""The members whom no marketing contacts: how many, who, and what all marketing brings."""

import asyncio
from datetime import timedelta
from uuid import UUID

import polars as pl

from campaign_service.experiments import answers, repository
from campaign_service.experiments.assigning import GlobalControl
from campaign_service.measurement import comparing
from campaign_service.measurement.comparing import Comparison, Plan
from chassis.clock import local_date
from chassis.database import Tx
from contracts.campaign import experiments as api

DAYS = 28  # watched in a report
_CONTROL, _TREATED = "control", "treated"


async def group(tx: Tx) -> GlobalControl:
    """Who is left alone at present."""
    found, _, _ = await repository.global_control(tx)
    return found


async def show(tx: Tx) -> api.GlobalControlGroup:
    """The share in force."""
    found, set_by, set_at = await repository.global_control(tx)
    salt = found.salt_of(local_date(tx.now))
    return api.GlobalControlGroup(share=found.share, salt=salt, set_by=set_by, set_at=set_at)


async def change(tx: Tx, actor: str, body: api.GlobalControlRequest) -> api.GlobalControlGroup:
    """Another share from now on; who is in a smaller one is in every larger one of the year."""
    await repository.set_global_control(tx, body.share, actor, tx.now)
    return await show(tx)


async def report(tx: Tx) -> api.GlobalControlReport:
    """What members outside the group paid more than those in it, in the last weeks.

    Nobody's past is taken into account: it was without marketing on one side already.
    """
    found, _, _ = await repository.global_control(tx)
    since = tx.now - timedelta(days=DAYS)
    rows = await repository.spending(tx, since, tx.now)
    compared = await asyncio.to_thread(_compared, rows, found, found.salt_of(local_date(tx.now)))
    return answers.global_report(compared, found.share, local_date(tx.now), DAYS)


def _compared(rows: pl.DataFrame, found: GlobalControl, salt: str) -> Comparison:
    held = [found.among(UUID(bytes=unit), salt) for unit in rows["unit"]]
    told = rows.select(
        pl.int_range(pl.len()).cast(pl.String).alias("unit"),
        pl.Series("variant", [_CONTROL if each else _TREATED for each in held], pl.String),
        (pl.col("revenue") > 0).cast(pl.Int8).alias("returned"),
        "revenue",
        pl.lit(None, pl.Float64).alias("pre"),
        pl.lit(0.0).alias("at"),
    )
    share = found.share
    shares = {_CONTROL: share, _TREATED: 1 - share} if share > 0 else {}
    return comparing.compare(told, Plan(_CONTROL, shares))
