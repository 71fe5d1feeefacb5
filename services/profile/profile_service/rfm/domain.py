"""Recency, frequency, money: bands and cells. Pure."""

from dataclasses import dataclass

DAY_BANDS = ((30, "<=30"), (90, "31-90"), (None, ">90"))


@dataclass(frozen=True, slots=True)
class Bounds:
    """What divides the population: terciles of frequency and money, and the top fifth's money."""

    frequency: tuple[float, float]
    monetary: tuple[float, float]
    high_value: float


@dataclass(frozen=True, slots=True)
class Rfm:
    """One member's figures: whole days since the last order, orders, fen net of refunds."""

    recency_days: int
    frequency: int
    monetary_fen: int


def band(value: float, bounds: tuple[float, float]) -> int:
    """1 up to the lower bound, 2 up to the upper, else 3."""
    lower, upper = bounds
    return 1 if value <= lower else 2 if value <= upper else 3


def recency_band(days: int) -> int:
    """1: ≤ 30 days, 2: 31–90, 3: > 90."""
    return next(n for n, (upto, _) in enumerate(DAY_BANDS, 1) if upto is None or days <= upto)


def cell(rfm: Rfm, bounds: Bounds | None) -> str:
    """`r-f-m`; before the population was first measured frequency and money are in band 1."""
    frequency = band(rfm.frequency, bounds.frequency) if bounds else 1
    monetary = band(rfm.monetary_fen, bounds.monetary) if bounds else 1
    return f"{recency_band(rfm.recency_days)}-{frequency}-{monetary}"
