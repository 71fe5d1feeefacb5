"""Policies in force, what they take next, and a midnight's journals."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime
from functools import lru_cache
from itertools import groupby
from uuid import UUID

from points_service.calendar import day_of, start_of
from points_service.expiry.rules import KINDS
from points_service.expiry.rules.rolling import Rolling
from points_service.expiry.rules.rule import Rule
from points_service.ledger.domain import BREAKAGE, Journal, JournalKind, entries, member
from points_service.lots.domain import Depreciation, Lot


@dataclass(frozen=True, slots=True)
class Policy:
    """A way in which points go; `figures` are those its kind needs."""

    policy_id: str
    kind: str
    active: bool
    figures: dict[str, int]

    @property
    def rule(self) -> Rule:
        """The rule it stands for; raises ValueError for a day that is not in every year."""
        return KINDS[self.kind](**self.figures)


@dataclass(frozen=True, slots=True)
class Policies:
    """The rules in force; at least one of them gives points a date."""

    rules: tuple[Rule, ...] = (Rolling(12),)

    def expires_at(self, earned_at: datetime) -> datetime:
        """When points of that moment go at the latest: the earliest date of any rule."""
        found = (rule.ends(day_of(earned_at)) for rule in self.rules)
        return start_of(min(ends for ends in found if ends))

    def depreciation_on(self, day: date) -> Depreciation | None:
        """What goes of older lots when that day begins."""
        found = (rule.depreciation(day.year) for rule in self.rules)
        return next((each for each in found if each and each.day == day), None)

    def losses(self, lot: Lot, now: datetime) -> Iterator[tuple[datetime, int]]:
        """(when, points) that a live lot will lose after `now` if nobody spends them."""
        left = lot.remaining
        for each in _depreciations(self.rules, now.year, lot.expires_at.year + 1):
            at = start_of(each.day)
            if lot.depreciated_on and each.day <= lot.depreciated_on:
                continue  # the clock was set back
            if max(now, lot.earned_at) < at < lot.expires_at and each.takes(left):
                yield at, each.takes(left)
                left -= each.takes(left)
        if left:
            yield lot.expires_at, left


@lru_cache(maxsize=1024)
def _depreciations(rules: tuple[Rule, ...], first: int, last: int) -> list[Depreciation]:
    """Of these years, in order."""
    found = [rule.depreciation(year) for year in range(first, last + 1) for rule in rules]
    return sorted((each for each in found if each), key=lambda each: each.day)


def missing_figure(policy: Policy) -> str | None:
    """The first figure that its kind needs and the policy has not, or the other way round."""
    needed = {each.name for each in fields(KINDS[policy.kind])}  # type: ignore[arg-type]
    return next(iter(sorted(needed ^ policy.figures.keys())), None)


def conflict(policies: Iterable[Policy]) -> str | None:
    """Why these cannot be all there are: the code of the problem, or None."""
    rules = [policy.rule for policy in policies if policy.active]
    someday = date(2001, 1, 1)
    if not any(rule.ends(someday) for rule in rules):
        return "no_date"
    days = Counter(each.day for rule in rules if (each := rule.depreciation(someday.year)))
    return "same_day" if any(times > 1 for times in days.values()) else None


def next_loss(
    policies: Policies, lots: Iterable[Lot], now: datetime
) -> tuple[datetime, int] | None:
    """The next moment at which some of these points go, and how many do."""
    total: Counter[datetime] = Counter()
    for lot in lots:
        if lot.is_live(now):
            for at, points in policies.losses(lot, now):
                total[at] += points
    return min(total.items(), default=None)


def going(
    policies: Policies, lots: Iterable[Lot], at: datetime, now: datetime
) -> list[tuple[UUID, int]]:
    """(member, points) that go at a moment, as things stand; by member id."""
    total: Counter[UUID] = Counter()
    for lot in lots:
        if lot.is_live(now):
            total[lot.member_id] += sum(
                points for when, points in policies.losses(lot, now) if when == at
            )
    return sorted((member_id, points) for member_id, points in total.items() if points)


def expire(
    due: Sequence[Lot], midnight: datetime, new_id: Callable[[], UUID]
) -> list[tuple[UUID, int, Journal]]:
    """(member, points, journal), one for each member with points; `due` is ordered by member."""
    found = []
    for member_id, group in groupby(due, key=lambda lot: lot.member_id):
        lots = [lot for lot in group if lot.remaining]
        points = sum(lot.remaining for lot in lots)
        if points:
            ref = f"{day_of(midnight)}/{lots[0].lot_id}"  # a lot expires once
            found.append((member_id, points, _journal(member_id, points, ref, midnight, new_id())))
    return found


def depreciate(
    taken: Sequence[tuple[UUID, UUID, int]], day: date, new_id: Callable[[], UUID]
) -> list[Journal]:
    """Journals for (member, one of its lots, points); a lot depreciates once a day."""
    return [
        _journal(member_id, points, f"depreciation/{day}/{lot_id}", start_of(day), new_id())
        for member_id, lot_id, points in taken
    ]


def _journal(member_id: UUID, points: int, ref: str, at: datetime, journal_id: UUID) -> Journal:
    lines = entries((member(member_id), -points), (BREAKAGE, points))
    return Journal(journal_id, JournalKind.EXPIRE, ref, at, lines)
