"""Points last so many months."""

from dataclasses import dataclass
from datetime import date

from points_service.calendar import months_later
from points_service.expiry.rules.rule import Rule


@dataclass(frozen=True, slots=True)
class Rolling(Rule):
    """From the day they were earned."""

    months: int

    def ends(self, earned_on: date) -> date | None:
        """The same day, `months` later."""
        return months_later(earned_on, self.months)
