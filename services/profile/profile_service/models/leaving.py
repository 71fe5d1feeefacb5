"""How many members will leave: a sum of chances, and how far such sums were off in the past."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from profile_service.models.shopping import day_of

Floats = NDArray[np.float64]
LEVEL = 0.8
NORMAL = 1.2816  # half the width of 80 % of a normal distribution, in deviations


@dataclass(frozen=True)
class Backtest:
    """A past day: how many were expected to leave, and how many did."""

    cut: int
    expected: float
    left: float

    @property
    def off(self) -> float:
        """The error, as a share of what was expected."""
        return abs(self.left - self.expected) / max(self.expected, 1.0)


def reach(backtests: Sequence[Backtest]) -> float:
    """The share that all but one in five of the past's errors stay within (conformal: one more
    error is not known yet); the largest where there are fewer than four."""
    off = sorted(each.off for each in backtests)
    rank = int(np.ceil(LEVEL * (len(off) + 1)))
    return off[min(rank, len(off)) - 1] if off else 0.0


def expected(chance: Floats, backtests: Sequence[Backtest]) -> dict[str, Any]:
    """The forecast of a report; its interval is never narrower than chance alone makes it.

    `coverage`: how many of the past days lay inside the interval that the others make.
    """
    total = float(chance.sum())
    alone = NORMAL * float(np.sqrt((chance * (1 - chance)).sum()))
    wide = max(reach(backtests) * total, alone)
    inside = [
        each.off <= max(reach([other for other in backtests if other is not each]),
                        NORMAL / np.sqrt(max(each.expected, 1.0)))
        for each in backtests
    ]  # fmt: skip
    return {
        "members": len(chance), "expected": round(total), "low": max(0, round(total - wide)),
        "high": min(len(chance), round(total + wide)), "level": LEVEL,
        "backtests": [
            {"cut": day_of(each.cut).isoformat(), "expected": round(each.expected),
             "left": round(each.left)}
            for each in backtests
        ],
        "coverage": float(np.mean(inside)) if len(inside) > 1 else None,
    }  # fmt: skip
