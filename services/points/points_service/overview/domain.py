"""Liability: what outstanding points are worth, and how many of them will probably expire.

Breakage is experience: of points that had reached an age and whose time is over by now, the share
that expired. It is applied to the points of that age that are still there.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

BANDS = (91, 181, 271, 366)  # days since earned at which the next band begins
AGES = ("0-90", "91-180", "181-270", "271-365", "over-365")


@dataclass(frozen=True, slots=True)
class Outstanding:
    """Points members still have; `band` is a place in AGES."""

    issuer: str
    band: int
    points: int


@dataclass(frozen=True, slots=True)
class Ended:
    """Points of ended lots that were there when they came into a band, and what expired of them."""

    band: int
    points: int
    expired: int

    @property
    def rate(self) -> float | None:
        """The share that expired; None without experience."""
        return self.expired / self.points if self.points > 0 else None


def rates(ended: Sequence[Ended]) -> Mapping[int, Ended]:
    """By band, every band of AGES named."""
    known = {each.band: each for each in ended}
    return {band: known.get(band, Ended(band, 0, 0)) for band in range(len(AGES))}


def breakage(points: int, experience: Ended) -> int | None:
    """Points that will probably expire, rounded down; None without experience."""
    return points * experience.expired // experience.points if experience.points > 0 else None
