"""Hear what happens, write days that are over, set targets."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from campaign_service.kpis import domain, repository
from campaign_service.kpis.sources import SOURCES
from chassis.clock import local_date
from chassis.database import Database, Tx
from chassis.problem import Problem
from contracts.base import ProblemError
from contracts.campaign import kpis as api
from contracts.daily_figures import DailyFigures
from contracts.events import OrderRefunded, RecordedOrder

SOON = timedelta(days=2)  # from when on a day may be written while somebody marks it
HISTORY = 100


async def note_orders(tx: Tx, orders: Sequence[RecordedOrder]) -> None:
    """Orders change the day they were paid on, however late they are told."""
    fresh = [each for each in orders if each.paid_at > tx.now - domain.KEPT]
    if fresh:
        await repository.add_orders(tx, fresh)
        await repository.mark_orders(tx, [each.order_no for each in fresh], _soon(tx))


async def note_refunds(tx: Tx, refunds: Sequence[OrderRefunded]) -> None:
    """What was given back is off the order's own day."""
    await repository.add_refunds(tx, refunds)
    await repository.mark_orders(tx, [each.order_no for each in refunds], _soon(tx))


async def note_contacts(tx: Tx, deliveries: Sequence[UUID]) -> None:
    """Messages left, or were reported to have failed. Deliveries have heard of it already."""
    await repository.add_contacts(tx, deliveries)
    await repository.mark_contacts(tx, deliveries, _soon(tx))


async def note_answer(tx: Tx, invitation_id: UUID) -> None:
    """Somebody said how it was."""
    await repository.mark_answers(tx, [invitation_id], _soon(tx))


async def note_figures(tx: Tx, events: Sequence[DailyFigures]) -> None:
    """How everybody stood."""
    for event in events:
        await repository.write_base(tx, event.day, event.rows)


async def write_again(tx: Tx, members: Sequence[UUID]) -> None:
    """Who these ids are has changed: whatever they did counts for somebody else."""
    orders, contacts = await repository.all_of(tx, members)
    await repository.mark_orders(tx, orders, _soon(tx))
    await repository.mark_contacts(tx, contacts, _soon(tx))


async def close(db: Database, now: datetime) -> None:
    """Write the days that are over and of which something new is known; the same twice."""
    today = local_date(now)
    async with db.transaction(readonly=True) as tx:
        if not await repository.waiting(tx, today):
            return
    for source in SOURCES:
        more = True
        while more:
            async with db.transaction() as tx:
                more = await repository.write(tx, source, today)


async def current_targets(tx: Tx) -> api.KpiTargets:
    """Those in force."""
    rows = await repository.targets(tx, 1)
    return _targets(rows[0]) if rows else _SHIPPED


async def target_history(tx: Tx) -> api.KpiTargetHistory:
    """Those in force, and before."""
    versions = [*map(_targets, await repository.targets(tx, HISTORY)), _SHIPPED]
    return api.KpiTargetHistory(current=versions[0], versions=versions)


async def set_targets(tx: Tx, body: api.KpiTargetsBody, by: str) -> api.KpiTargets:
    """A new version. Raises Problem 422 for figures or bounds that cannot be."""
    bounds = {key: (each.target, each.amber) for key, each in body.targets.items()}
    if bad := domain.bad_targets(bounds):
        raise Problem(422, "bad_targets", "Targets of figures, amber on their worse side", errors=[
            ProblemError(pointer=f"/targets/{key}", code="bad_target",
                         detail="no such figure, or amber beyond its target")
            for key in bad
        ])  # fmt: skip
    document = {key: each.model_dump() for key, each in body.targets.items()}
    await repository.add_targets(tx, document, body.note, by)
    return await current_targets(tx)


def _soon(tx: Tx) -> date:
    return local_date(tx.now + SOON)


def _targets(row: Any) -> api.KpiTargets:
    own = {key: api.KpiTarget(**each) for key, each in row["document"].items()}
    told = {name: row[name] for name in ("version", "note", "changed_by", "changed_at")}
    return api.KpiTargets(targets={**_SHIPPED.targets, **own}, **told)


_SHIPPED = api.KpiTargets(
    version=0,
    targets={
        each.kpi: api.KpiTarget(target=each.target, amber=each.amber)
        for each in domain.definitions().values()
    },
)
