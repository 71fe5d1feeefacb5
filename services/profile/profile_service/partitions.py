"""Monthly and weekly partitions, made when the first row for them arrives."""

from collections.abc import Collection
from datetime import UTC, date, datetime, timedelta

from chassis.database import Tx

YEARS = range(2000, 2100)  # any other moment is a broken clock's: the default partition takes it


class Partitions:
    """Remembers which partitions are there, so that asking costs nothing."""

    def __init__(self) -> None:
        self._there: set[str] = set()

    async def months(self, tx: Tx, table: str, moments: Collection[datetime]) -> None:
        """Make sure that `table` has a partition for the UTC month of every moment."""
        for year, month in sorted(set(map(_month, moments))):
            if year in YEARS:
                low = date(year, month, 1)
                high = date(year + month // 12, month % 12 + 1, 1)
                await self._add(tx, table, f"{low:%Y%m}", f"{low} 00:00Z", f"{high} 00:00Z")

    async def _add(self, tx: Tx, table: str, suffix: str, low: str, high: str) -> None:
        name = f"{table}_{suffix}"
        if name not in self._there:
            await tx.execute("SELECT add_partition($1, $2, $3, $4)", table, suffix, low, high)
            tx.after_commit(lambda: self._there.add(name))


def _month(moment: datetime) -> tuple[int, int]:
    utc = moment.astimezone(UTC)
    return utc.year, utc.month


def monday(day: date) -> date:
    """The first day of a day's week."""
    return day - timedelta(days=day.weekday())
