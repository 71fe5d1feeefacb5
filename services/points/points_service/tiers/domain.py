"""Ladders and the three ways to move on one: climb, review, fall after a refund."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from points_service.calendar import months_later
from points_service.tiers.rules import CONDITIONS
from points_service.tiers.rules.rule import Standing


@dataclass(frozen=True, slots=True)
class Condition:
    """A kind of `tiers.rules`, its threshold and, if it has a window, how many months count."""

    kind: str
    at_least: int
    months: int = 0

    @property
    def lasting(self) -> bool:
        """Whether what it looks at stays when time passes."""
        rule = CONDITIONS[self.kind]
        return not (rule.monthly or rule.windowed)

    def reached(self, standing: Standing) -> int:
        """How far the standing has come."""
        return CONDITIONS[self.kind].reached(standing, self.months)

    def met(self, standing: Standing) -> bool:
        """Whether the standing reaches it."""
        return self.reached(standing) >= self.at_least


@dataclass(frozen=True, slots=True)
class Grant:
    """A benefit of a tier, so many times a period; None: as often as one likes."""

    benefit_id: str
    quota: int | None = None


@dataclass(frozen=True, slots=True)
class Rung:
    """A tier: the percentage of paid yuan it earns as points, and what it takes.

    `price_percent` is what its members pay of the list price; `zh` and `en` are what they read.
    """

    name: str
    points_percent: int
    conditions: tuple[Condition, ...]
    price_percent: int = 100
    grants: tuple[Grant, ...] = ()
    zh: str = ""
    en: str = ""

    def held(self, standing: Standing, *, passing: bool = True) -> bool:
        """Whether all conditions are met; those that pass with time only if `passing`."""
        return all(
            condition.met(standing) for condition in self.conditions if passing or condition.lasting
        )


@dataclass(frozen=True, slots=True)
class Step:
    """A change of tier; `reason` is order, review, merge, refund, act or ladder."""

    member_id: UUID
    tier: str
    previous: str
    reason: str
    changed_at: datetime


class LadderKind(StrEnum):
    """Neighbouring tiers of a mall ladder must differ in what they are worth (benefits.worth)."""

    SUPERMARKET = "supermarket"
    MALL = "mall"


@dataclass(frozen=True, slots=True)
class Ladder:
    """Tiers from the lowest, which has no condition, to the highest.

    A tier is kept for `qualification_months` after it was reached, at least until the next review.
    Who fails a review then is warned and falls at the first review `grace_days` later that is
    failed as well: one step with `soft_landing`, else to where the conditions lead.
    `moves` says where members of tiers belong that are not, or no longer, on this ladder.
    """

    ladder_id: str
    name: str
    rungs: tuple[Rung, ...]
    kind: LadderKind = LadderKind.SUPERMARKET
    qualification_months: int = 0
    grace_days: int = 0
    soft_landing: bool = False
    moves: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        assert self.rungs and not self.rungs[0].conditions, "anybody may stand on the lowest rung"

    @property
    def lowest(self) -> str:
        """Where everybody begins."""
        return self.rungs[0].name

    def rung(self, tier: str) -> Rung:
        """The rung of a tier; for one that is not on the ladder, where its members belong."""
        return self.rungs[self.place(tier)]

    def above(self, tier: str) -> Rung | None:
        """The next rung, None at the top."""
        place = self.place(tier) + 1
        return self.rungs[place] if place < len(self.rungs) else None

    def below(self, tier: str) -> Rung:
        """The rung before, the lowest at the bottom."""
        return self.rungs[max(self.place(tier) - 1, 0)]

    def climb(self, tier: str, standing: Standing) -> str:
        """The highest tier whose conditions hold, but never below the present one."""
        place = self.place(tier)
        higher = reversed(self.rungs[place + 1 :])
        return next((rung.name for rung in higher if rung.held(standing)), self.rungs[place].name)

    def review(self, standing: Standing) -> str:
        """The monthly re-evaluation, up and down; `standing` has the month just ended."""
        return next(rung.name for rung in reversed(self.rungs) if rung.held(standing))

    def after_refund(self, tier: str, standing: Standing) -> str:
        """Down to where what lasts still holds; everything else waits for the review."""
        place = self.place(tier)
        return next(
            rung.name
            for rung in reversed(self.rungs[: place + 1])
            if rung.held(standing, passing=False)
        )

    def higher(self, one: str, other: str) -> str:
        """The higher of two tiers."""
        return max(one, other, key=self.place)

    def place(self, tier: str) -> int:
        """How many rungs are below that of a tier; see `rung`."""
        tier = self.moves.get(tier, tier)
        return next((n for n, rung in enumerate(self.rungs) if rung.name == tier), 0)

    def since(self, month: date) -> date | None:
        """The first month that counts for somebody measured by `month`; None without windows."""
        longest = max((c.months for rung in self.rungs for c in rung.conditions), default=0)
        return months_later(month, 1 - longest) if longest else None


def direction(ladders: Iterable[Ladder], step: Step) -> str | None:
    """`up` or `down`, by the ladder that has both tiers; None where none has any more."""
    for ladder in ladders:
        if {step.tier, step.previous} <= {rung.name for rung in ladder.rungs}:
            return "up" if ladder.place(step.tier) > ladder.place(step.previous) else "down"
    return None
