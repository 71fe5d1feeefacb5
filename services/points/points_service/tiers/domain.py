"""Ladders and the three ways to move on one: climb, review, fall after a refund."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from points_service.tiers.rules import CONDITIONS
from points_service.tiers.rules.rule import Standing


@dataclass(frozen=True, slots=True)
class Condition:
    """A kind of `tiers.rules` and its threshold."""

    kind: str
    at_least: int

    def met(self, standing: Standing) -> bool:
        """Whether the standing reaches it."""
        return CONDITIONS[self.kind].reached(standing) >= self.at_least


@dataclass(frozen=True, slots=True)
class Rung:
    """A tier: the percentage of paid yuan it earns as points, and what it takes.

    `price_percent` is what its members pay of the list price.
    """

    name: str
    points_percent: int
    conditions: tuple[Condition, ...]
    price_percent: int = 100

    def held(self, standing: Standing, *, monthly: bool = True) -> bool:
        """Whether all conditions are met; those of the month only if `monthly`."""
        return all(
            condition.met(standing)
            for condition in self.conditions
            if monthly or not CONDITIONS[condition.kind].monthly
        )


@dataclass(frozen=True, slots=True)
class Step:
    """A change of tier; `reason` is order, review, merge or refund."""

    member_id: UUID
    tier: str
    previous: str
    reason: str
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class Ladder:
    """Tiers from the lowest, which has no condition, to the highest."""

    ladder_id: str
    name: str
    rungs: tuple[Rung, ...]

    def __post_init__(self) -> None:
        assert self.rungs and not self.rungs[0].conditions, "anybody may stand on the lowest rung"

    @property
    def lowest(self) -> str:
        """Where everybody begins."""
        return self.rungs[0].name

    def rung(self, tier: str) -> Rung:
        """The rung of a tier; the lowest for a tier that has left the ladder."""
        return self.rungs[self._place(tier)]

    def above(self, tier: str) -> Rung | None:
        """The next rung, None at the top."""
        place = self._place(tier) + 1
        return self.rungs[place] if place < len(self.rungs) else None

    def climb(self, tier: str, standing: Standing) -> str:
        """The highest tier whose conditions hold, but never below the present one."""
        place = self._place(tier)
        higher = reversed(self.rungs[place + 1 :])
        return next((rung.name for rung in higher if rung.held(standing)), self.rungs[place].name)

    def review(self, standing: Standing) -> str:
        """The monthly re-evaluation, up and down; `standing` has the month just ended."""
        return next(rung.name for rung in reversed(self.rungs) if rung.held(standing))

    def after_refund(self, tier: str, standing: Standing) -> str:
        """Down to where what lasts still holds; the month's conditions wait for the review."""
        place = self._place(tier)
        return next(
            rung.name
            for rung in reversed(self.rungs[: place + 1])
            if rung.held(standing, monthly=False)
        )

    def higher(self, one: str, other: str) -> str:
        """The higher of two tiers."""
        return max(one, other, key=self._place)

    def _place(self, tier: str) -> int:
        return next((n for n, rung in enumerate(self.rungs) if rung.name == tier), 0)
