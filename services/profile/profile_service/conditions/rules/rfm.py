"""In which bands of recency, frequency and money."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from profile_service.conditions.domain import NO_WANTS, Ask, Known, Wants, later
from profile_service.conditions.rules.reading import Reader
from profile_service.conditions.sources import DAY
from profile_service.rfm.domain import DAY_BANDS, band, recency_band

KEYWORD = "rfm"
NAMES = ("recency", "frequency", "monetary")


@dataclass(frozen=True, slots=True)
class Bands:
    """`{"rfm": {"recency": [1], "frequency": [2, 3], "monetary": [3]}}`; what is left out may be
    any. Nobody who has not bought. Recency in programme days; bounds as last measured."""

    recency: tuple[int, ...] = ()
    frequency: tuple[int, ...] = ()
    monetary: tuple[int, ...] = ()

    def document(self) -> dict[str, Any]:
        bands = {name: list(getattr(self, name)) for name in NAMES if getattr(self, name)}
        return {KEYWORD: bands}

    def wants(self) -> Wants:
        return NO_WANTS

    def holds(self, known: Known, today: date) -> bool:
        if known.last_on is None:
            return False
        bounds = known.bounds
        f = band(known.spending.orders, bounds.frequency) if bounds else 1
        m = band(max(known.spending.net_fen, 0), bounds.monetary) if bounds else 1
        return (
            (not self.recency or recency_band((today - known.last_on).days) in self.recency)
            and (not self.frequency or f in self.frequency)
            and (not self.monetary or m in self.monetary)
        )

    def turns(self, known: Known) -> Iterable[date]:
        if known.last_on is not None and self.recency:
            for upto, _ in DAY_BANDS:
                if upto is not None:
                    yield later(known.last_on, upto + 1)

    def sql(self, ask: Ask) -> str:
        tests = ["orders > 0"]
        if self.recency:
            recency = (
                "CASE WHEN $1::date - last_on <= 30 THEN 1 WHEN $1::date - last_on <= 90 THEN 2"
                " ELSE 3 END"
            )
            tests.append(f"{recency} = ANY({ask(list(self.recency), 'int[]')})")
        for name, column in (("frequency", "orders"), ("monetary", "greatest(net_fen, 0)")):
            if bands := getattr(self, name):
                tests.append(
                    f"1 + coalesce(({column} > {name}_lower)::int + ({column} > {name}_upper)::int,"
                    f" 0) = ANY({ask(list(bands), 'int[]')})"
                )
        bought = (
            "(SELECT s.root, sum(orders) AS orders, sum(paid_fen - refunded_fen) AS net_fen,"
            f" {DAY.format('max(last_at)')} AS last_on FROM spending"
            " JOIN subject AS s ON s.id = spending.subject_id GROUP BY s.root) AS bought"
        )
        return (
            f"p.subject_id IN (SELECT root FROM {bought} LEFT JOIN (SELECT * FROM population"
            f" ORDER BY measured_at DESC LIMIT 1) AS bounds ON true WHERE {' AND '.join(tests)})"
        )


def parse(read: Reader) -> Bands:
    """From a definition."""
    read.only(KEYWORD)
    inner = read.inner(KEYWORD)
    if inner is None:
        return Bands()
    inner.only(*NAMES)
    bands = []
    for name in NAMES:
        values = inner.scalars(name)
        if not all(each in (1, 2, 3) and isinstance(each, int) for each in values):
            inner.fault(name, "unknown_value", "bands are 1, 2 and 3")
            values = ()
        bands.append(tuple(sorted({int(each) for each in values})))
    if not any(bands) and not inner.faults:
        inner.fault("", "values_expected", "bands of recency, frequency or monetary")
    return Bands(*bands)
