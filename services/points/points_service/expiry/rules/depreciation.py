"""Once a year a part of every older lot goes."""

from dataclasses import dataclass
from datetime import date

from points_service.expiry.rules.rule import Rule
from points_service.lots.domain import Depreciation


@dataclass(frozen=True, slots=True)
class Yearly(Rule):
    """When `day` of `month` begins."""

    percent: int
    month: int
    day: int

    def __post_init__(self) -> None:
        date(2001, self.month, self.day)  # ValueError: not a day of every year

    def depreciation(self, year: int) -> Depreciation | None:
        """That year's."""
        return Depreciation(date(year, self.month, self.day), self.percent)
