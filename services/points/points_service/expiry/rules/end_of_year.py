"""Points go with a year's end."""

from dataclasses import dataclass
from datetime import date

from points_service.expiry.rules.rule import Rule


@dataclass(frozen=True, slots=True)
class EndOfYear(Rule):
    """All points of a year go together, `years` after it."""

    years: int

    def ends(self, earned_on: date) -> date | None:
        """New Year."""
        return date(earned_on.year + self.years + 1, 1, 1)
