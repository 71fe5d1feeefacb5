"""RFM reports, and the measurement that members' cells and the high-value tag refer to."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Literal

from chassis.clock import local_date
from chassis.database import Tx
from chassis.problem import Problem
from contracts.base import Money
from contracts.rfm import Rfm, RfmCell, RfmCells, RfmReport, RfmStrategy, RfmStrategyBody
from profile_service.purchases.domain import Spending
from profile_service.rfm import domain, repository
from profile_service.rfm.domain import Bounds
from profile_service.rfm.strategies import CELLS, shipped

Scheme = Literal["terciles", "days"]


async def report(tx: Tx, at: datetime, scheme: Scheme) -> RfmReport:
    """Members by cell at a moment."""
    found = await repository.cells(tx, scheme, at)
    bounds = await repository.bounds(tx, at) if scheme == "terciles" and found else None
    names = {"recency": "r", "frequency": "f", "monetary": "m"}
    return RfmReport(
        at=at,
        scheme=scheme,
        members=sum(found.values()),
        cells=found,
        bounds={name: tuple(bounds[key]) for name, key in names.items()} if bounds else None,
    )


async def measure(tx: Tx, at: datetime) -> bool:
    """Measure the population on the first of a month (or if it never was); whether it was done."""
    if local_date(at).day != 1 and await repository.latest_bounds(tx) is not None:
        return False
    row = await repository.bounds(tx, at)
    if row["f"] is None:
        return False
    bounds = Bounds(tuple(row["f"]), tuple(row["m"]), row["high_value"])
    await repository.save_bounds(tx, at, bounds)
    return True


async def cells(tx: Tx) -> RfmCells:
    """All 27 cells as of today, as members' profiles and segments have them."""
    members = await repository.members_by_cell(tx, local_date(tx.now))
    own = await repository.strategies(tx)
    return RfmCells(
        members=sum(members.values()),
        unmeasured=await repository.latest_bounds(tx) is None,
        data=[
            RfmCell(
                cell=cell, members=members.get(cell, 0), strategy=own.get(cell) or shipped()[cell]
            )
            for cell in CELLS
        ],
    )


def of_member(
    spending: Spending,
    last_on: date | None,
    today: date,
    bounds: Bounds | None,
    own: Mapping[str, RfmStrategy],
) -> Rfm | None:
    """A member's figures, cell and strategy (`own` are the shop's); None for one who never
    bought."""
    if last_on is None:
        return None
    figures = domain.Rfm(max((today - last_on).days, 0), spending.orders, max(spending.net_fen, 0))
    cell = domain.cell(figures, bounds)
    return Rfm(
        recency_days=figures.recency_days,
        frequency=figures.frequency,
        monetary=Money(amount=figures.monetary_fen),
        cell=cell,
        strategy=own.get(cell) or shipped()[cell],
    )


async def define(tx: Tx, cell: str, body: RfmStrategyBody, by: str) -> RfmStrategy:
    """What to do about members of a cell from now on. Raises Problem 404."""
    _known(cell)
    await repository.save_strategy(tx, cell, body.model_dump(), by)
    return RfmStrategy(cell=cell, changed_by=by, changed_at=tx.now, **body.model_dump())


async def restore(tx: Tx, cell: str) -> RfmStrategy:
    """Do as was shipped again. Raises Problem 404."""
    _known(cell)
    await repository.drop_strategy(tx, cell)
    return shipped()[cell]


def _known(cell: str) -> None:
    if cell not in CELLS:
        raise Problem(404, "unknown_cell", "There is no such cell")
