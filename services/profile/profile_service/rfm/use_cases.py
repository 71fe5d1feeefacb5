"""RFM reports, and the measurement that members' cells and the high-value tag refer to."""

from datetime import datetime
from typing import Literal

from chassis.clock import local_date
from chassis.database import Tx
from contracts.profile import RfmReport
from profile_service.rfm import repository
from profile_service.rfm.domain import Bounds

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
