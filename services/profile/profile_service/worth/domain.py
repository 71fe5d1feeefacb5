"""What a member is worth, in figures. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

HIGH, LOW = 0.8, 0.2  # ranks of the bands: top 20 %, middle 60 %, last 20 %
MONTHS = 4  # whose values make three falls
SHOWN_MONTHS = 12


@dataclass(frozen=True, slots=True)
class Worth:
    """A person's value as reckoned (contracts.worth.Clv), and the months before, oldest first."""

    yearly_spend_fen: int
    margin: float
    yearly_profit_fen: int
    expected_years: float
    value_fen: int
    band: str
    falling: bool
    months: Sequence[tuple[date, int]]


def months_before(month: date, n: int) -> list[date]:
    """A first of the month and the `n` - 1 before it, oldest first."""
    number = month.year * 12 + month.month - 1
    return [date(each // 12, each % 12 + 1, 1) for each in range(number - n + 1, number + 1)]
