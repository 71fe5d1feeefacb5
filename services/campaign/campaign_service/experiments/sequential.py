"""Looking at an experiment before its end without fooling oneself.

Group-sequential bounds of Lan and DeMets with spending of the O'Brien-Fleming kind: whoever looks
K times and stops at the first crossing is wrong at most 5 % of the time in all.
Source: Lan & DeMets, Biometrika 70 (1983) 659-663; bounds by the recursion of Armitage,
McPherson & Rowe, JRSS A 132 (1969) 235-244.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import polars as pl

from campaign_service.experiments.effects import Difference, difference

ALPHA: Final = 0.05
GRID: Final = 801
_FAR: Final = 9.0  # standard deviations; beyond it nothing is spent


def spent(information: float, alpha: float = ALPHA) -> float:
    """How much of `alpha` may be spent when this share (0..1) of the information is there."""
    from scipy import stats  # noqa: PLC0415

    if information <= 0:
        return 0.0
    return float(4 * stats.norm.sf(stats.norm.isf(alpha / 4) / np.sqrt(min(1.0, information))))


class _Walk:
    """The score process of an experiment without effect, where it did not cross so far."""

    def __init__(self) -> None:
        self._share = 0.0
        self._grid = np.zeros(1)
        self._mass = np.ones(1)  # probability at each point of the grid

    def crossing(self, share: float, bound: float) -> float:
        """P(not crossed so far, |z| at information `share` is over `bound`)."""
        from scipy import stats  # noqa: PLC0415

        step, edge = np.sqrt(share - self._share), bound * np.sqrt(share)
        over = stats.norm.sf((edge - self._grid) / step) + stats.norm.cdf(
            (-edge - self._grid) / step
        )
        return float(self._mass @ over)

    def go_on(self, share: float, bound: float) -> None:
        """Go to information `share`; whatever is over `bound` there is gone."""
        from scipy import stats  # noqa: PLC0415

        step, edge = np.sqrt(share - self._share), bound * np.sqrt(share)
        grid, width = np.linspace(-edge, edge, GRID, retstep=True)
        kernel = stats.norm.pdf((grid[:, None] - self._grid[None, :]) / step) / step
        weights = np.full(GRID, width)
        weights[[0, -1]] /= 2  # trapezium rule
        self._mass, self._grid, self._share = (kernel @ self._mass) * weights, grid, share


def bounds(information: list[float], alpha: float = ALPHA) -> list[float]:
    """|z| that decides at each look, for increasing shares of the information up to 1.

    Two-sided. A look that may spend nothing has the bound infinity.
    """
    walk, used = _Walk(), 0.0
    found: list[float] = []
    for share in information:
        is_last = len(found) == len(information) - 1
        allowed = spent(share, alpha) - used
        if walk.crossing(share, _FAR) >= allowed:
            found.append(float("inf"))
            if not is_last:
                walk.go_on(share, _FAR)
            continue
        bound = _bound(walk, share, allowed)
        used += allowed
        found.append(bound)
        if not is_last:
            walk.go_on(share, bound)
    return found


def _bound(walk: _Walk, share: float, allowed: float) -> float:
    from scipy import optimize  # noqa: PLC0415

    return float(optimize.brentq(lambda z: walk.crossing(share, z) - allowed, 0.0, _FAR, xtol=1e-6))


@dataclass(frozen=True)
class Look:
    """One look: units so far, what was seen and what would have decided."""

    units: int
    information: float
    estimate: float
    z: float
    bound: float
    low: float
    high: float

    @property
    def crosses(self) -> bool:
        """Whether it decides."""
        return abs(self.z) >= self.bound

    def told(self) -> dict[str, Any]:
        """As the report has it; a bound of infinity is null."""
        free = np.isinf(self.bound)
        return {
            "units": self.units,
            "information": round(self.information, 4),
            "estimate": self.estimate,
            "z": self.z,
            "bound": None if free else self.bound,
            "interval": None if free else [self.low, self.high],
            "decides": self.crosses,
        }


def looks(
    table: pl.DataFrame,
    control: str,
    variant: str,
    *,
    pre: str | None,
    count: int,
    alpha: float = ALPHA,
    planned: float | None = None,
) -> list[Look]:
    """`count` looks at two variants as their units came in (`at`), evenly by units.

    `planned`: the units there will be at the last look; those looks are made that are due, and the
    rest of the error is left for the others. None: the last unit is there.

    Information is what the standard errors say, so a look among few units counts as little.
    Units of one moment are looked at together.
    """
    two = table.filter(pl.col("variant").is_in([control, variant]))
    two = two.sort("at", "unit", nulls_last=True)
    seen: list[tuple[int, Difference]] = []
    for part in _parts(two, count, planned):
        sizes = part["variant"].value_counts()["count"]
        if len(sizes) == 2 and sizes.min() >= 2:  # type: ignore[operator]
            found = difference(part, control, variant, pre)
            seen += [(part.height, found)] if found.error > 0 else []
    if not seen:
        return []
    shares = _shares([found.error**-2 for _, found in seen])
    if planned is not None:
        there = min(1.0, seen[-1][0] / planned)
        shares = [share * there for share in shares]
    made = []
    for (units, found), share, bound in zip(seen, shares, bounds(shares, alpha), strict=True):
        middle, wide = found.estimate, bound * found.error
        z = middle / found.error
        made.append(Look(units, share, middle, z, bound, middle - wide, middle + wide))
    return made


def last_look(
    table: pl.DataFrame,
    control: str,
    variant: str,
    *,
    pre: str | None,
    count: int,
    alpha: float = ALPHA,
) -> list[Look]:
    """The last of `count` looks, where nothing tells which units were there at the others.

    Its bound leaves room for the error that looks at even steps would have spent before.
    """
    two = table.filter(pl.col("variant").is_in([control, variant]))
    found = difference(two, control, variant, pre)
    if found.error <= 0:
        return []
    bound = bounds([step / count for step in range(1, count + 1)], alpha)[-1]
    middle, wide = found.estimate, bound * found.error
    z = middle / found.error
    return [Look(two.height, 1.0, middle, z, bound, middle - wide, middle + wide)]


def _parts(table: pl.DataFrame, count: int, planned: float | None) -> Iterator[pl.DataFrame]:
    """What was there at each look that is due; nothing new, no look."""
    last, end = 0, planned or table.height
    for turn in range(1, count + 1):
        mark = round(end * turn / count)
        if mark > table.height:
            return
        if mark == 0:
            continue
        is_end = turn == count
        part = table if is_end else table.filter(pl.col("at") <= table["at"][mark - 1])
        if part.height > last:
            last = part.height
            yield part


def _shares(information: list[float]) -> list[float]:
    """Of the last look's information; always growing, though estimates of it may not."""
    growing, last = [], 0.0
    for value in information:
        last = max(min(value, information[-1]), last * (1 + 1e-6), 1e-6 * information[-1])
        growing.append(last)
    return [value / growing[-1] for value in growing]
