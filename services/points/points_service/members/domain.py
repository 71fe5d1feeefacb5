"""A member's standing. Balances come from the ledger, everything else from the row `member`."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from uuid import UUID

from points_service.calendar import months_later
from points_service.tiers.domain import Ladder, Step
from points_service.tiers.rules.rule import LONGEST_WINDOW, Month, Standing

LONG_AGO = date(1970, 1, 1)
NOTHING = Month()


@dataclass(frozen=True, slots=True)
class Member:
    """`balance` and `owed` are points, of which one is always 0.

    `month_fen` was paid in `month`, the last one with an order, `previous_fen` in the one before.
    A qualification period began on `kept_since`. Who failed a review was warned on `warned_on` and
    falls on `falls_on` unless a review before or then finds better.

    `past` has the stored months, None where no window asks for them; `added` is what months got
    since the member was loaded, in pieces: `save` adds it to what is stored.
    """

    member_id: UUID
    tier: str
    growth: int = 0
    referrals: int = 0
    month: date = LONG_AGO
    month_fen: int = 0
    previous_fen: int = 0
    balance: int = 0
    owed: int = 0
    social: int = 0
    kept_since: date = LONG_AGO
    warned_on: date | None = None
    falls_on: date | None = None
    past: Mapping[date, Month] | None = field(default_factory=dict)
    added: tuple[tuple[date, Month], ...] = ()

    def standing(self, month: date) -> Standing:
        """What tier conditions look at, with the spend of that month."""
        months = () if self.past is None else window(self.past, self.added, month)
        return Standing(self.growth, self.spent_in(month), self.referrals, self.social, months)

    @property
    def has_bought(self) -> bool:
        """Whether there was an order before; a refund does not undo that."""
        return self.month > LONG_AGO

    def spent_in(self, month: date) -> int:
        """Fen paid in a month; 0 for one long past."""
        if month == self.month:
            return self.month_fen
        return self.previous_fen if month == months_later(self.month, -1) else 0

    def with_spend(self, month: date, fen: int, orders: int = 1) -> "Member":
        """After an order of that month; a refund brings fen < 0, and orders -1 if it is the last.

        Late orders count for their own month, however long ago it was.
        """
        added = (*self.added, (month, Month(orders, fen)))
        if month > self.month:
            return replace(
                self,
                month=month,
                month_fen=fen,
                previous_fen=self.spent_in(months_later(month, -1)),
                added=added,
            )
        if month == self.month:
            return replace(self, month_fen=self.month_fen + fen, added=added)
        if month == months_later(self.month, -1):
            return replace(self, previous_fen=self.previous_fen + fen, added=added)
        return replace(self, added=added)

    def with_interactions(self, month: date, count: int, social: int = 0) -> "Member":
        """After that many interactions of that month, `social` of them social or green deeds."""
        added = (*self.added, (month, Month(interactions=count)))
        return replace(self, social=self.social + social, added=added)

    def moved(self, tier: str, day: date) -> "Member":
        """On another tier since that day: a new period begins, no warning stands."""
        if tier == self.tier:
            return self
        return replace(self, tier=tier, kept_since=day, warned_on=None, falls_on=None)


def window(
    past: Mapping[date, Month], added: Iterable[tuple[date, Month]], month: date
) -> list[Month]:
    """That month and those before it, as many as a window may have."""
    known = dict(past)
    for each, more in added:
        known[each] = known.get(each, NOTHING).plus(more)
    return [known.get(months_later(month, -back), NOTHING) for back in range(LONGEST_WINDOW)]


def step(before: Member, tier: str, reason: str, at: datetime) -> Step | None:
    """The change of tier, if it is one."""
    return Step(before.member_id, tier, before.tier, reason, at) if tier != before.tier else None


def climbed(member: Member, ladder: Ladder, month: date) -> str:
    """The tier after something good happened in that month."""
    return ladder.climb(member.tier, member.standing(month))
