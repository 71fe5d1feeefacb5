"""The figures of a report, and how they are shared out. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import timedelta

WINDOW = timedelta(days=14)  # how long a contact is watched
LATE = timedelta(days=2)  # how late an order may still arrive to be counted
BEFORE = timedelta(days=56)  # what was bought so long before a contact says what is usual
KEPT = BEFORE + WINDOW + 2 * LATE  # no window that is open needs older purchases


@dataclass(frozen=True, slots=True)
class Terms:
    """What figures are measured by. `margin_percent`: gross margin of what is sold."""

    margin_percent: float


@dataclass(frozen=True, slots=True)
class Arm:
    """One side: contacts decided, those whose window is over, and what followed in it."""

    decided: int = 0
    measured: int = 0
    returned: int = 0
    revenue_fen: int = 0

    @property
    def return_rate(self) -> float | None:
        """Share of the measured that bought again; None while nothing is measured."""
        return round(self.returned / self.measured, 4) if self.measured else None


@dataclass(frozen=True, slots=True)
class Funnel:
    """From members picked to what they bought with their coupons, and what it cost.

    Counts of contacts, so that the parts of a campaign add up to the whole. `orders`,
    `revenue_fen`: of orders that used a coupon, less what was given back; an order that used
    several is counted with the first.
    """

    targeted: int = 0
    held_out: int = 0
    skipped: int = 0
    withdrawn: int = 0
    pending: int = 0
    sent: int = 0
    refused: int = 0
    delivered: int = 0
    opened: int = 0
    clicked: int = 0
    claimed: int = 0
    redeemed: int = 0
    orders: int = 0
    revenue_fen: int = 0
    message_cost_fen: int = 0
    coupon_cost_fen: int = 0
    points_cost_fen: int = 0

    @property
    def cost_fen(self) -> int:
        """All that was spent."""
        return self.message_cost_fen + self.coupon_cost_fen + self.points_cost_fen

    @property
    def roi(self) -> float | None:
        """Attributed revenue a fen spent; None where nothing was spent."""
        return round(self.revenue_fen / self.cost_fen, 4) if self.cost_fen else None

    def __add__(self, other: Funnel) -> Funnel:
        return Funnel(
            *(getattr(self, each.name) + getattr(other, each.name) for each in fields(Funnel))
        )


def whole(parts: Mapping[str, Funnel]) -> Funnel:
    """All parts together."""
    return sum(parts.values(), Funnel())


def margins(revenues: Sequence[int], percent: float) -> list[int]:
    """The margin of each part in fen, so that they add up to the margin of all, to the fen.

    Each gets what the sum up to it has more than the sum before it: half a fen too much or too
    little at most.
    """
    made, sold, told = [], 0, 0
    for revenue in revenues:
        sold += revenue
        upto = round(sold * percent / 100)
        made.append(upto - told)
        told = upto
    return made
