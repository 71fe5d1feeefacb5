"""A rule by which points go."""

from datetime import date

from points_service.lots.domain import Depreciation


class Rule:
    """A kind overrides what it does; its fields are the figures of its policies."""

    def ends(self, earned_on: date) -> date | None:
        """The day with whose beginning points earned that day are gone; None: none by this rule."""
        return None

    def depreciation(self, year: int) -> Depreciation | None:
        """What it takes of older lots in that year."""
        return None
