"""The figures of a report."""

from dataclasses import dataclass
from datetime import timedelta

WINDOW = timedelta(days=14)  # how long a contact is watched
LATE = timedelta(days=2)  # how late an order may still arrive to be counted


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
    """From members picked to coupons used."""

    members: int
    targeted: int
    held_out: int
    skipped: int
    withdrawn: int
    pending: int
    sent: int
    refused: int
    redeemed: int
    revenue_fen: int
    cost_fen: int
