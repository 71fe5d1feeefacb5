"""A member's standing. Balances come from the ledger, everything else from the row `member`."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from uuid import UUID

from points_service.calendar import months_later
from points_service.tiers.domain import Ladder, Step
from points_service.tiers.rules.rule import Standing

LONG_AGO = date(1970, 1, 1)


@dataclass(frozen=True, slots=True)
class Member:
    """`balance` and `owed` are points, of which one is always 0. `known` rows exist already.

    `month_fen` was paid in `month`, the last one with an order, `previous_fen` in the one before.
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
    known: bool = True

    def standing(self, month: date) -> Standing:
        """What tier conditions look at, with the spend of that month."""
        return Standing(self.growth, self.spent_in(month), self.referrals)

    def spent_in(self, month: date) -> int:
        """Fen paid in a month; 0 for one long past."""
        if month == self.month:
            return self.month_fen
        return self.previous_fen if month == months_later(self.month, -1) else 0

    def with_spend(self, month: date, fen: int) -> "Member":
        """After an order (or, with fen < 0, a refund) of that month; a late one may be too old."""
        if month > self.month:
            return replace(
                self,
                month=month,
                month_fen=fen,
                previous_fen=self.spent_in(months_later(month, -1)),
            )
        if month == self.month:
            return replace(self, month_fen=self.month_fen + fen)
        if month == months_later(self.month, -1):
            return replace(self, previous_fen=self.previous_fen + fen)
        return self


def step(before: Member, tier: str, reason: str, at: datetime) -> Step | None:
    """The change of tier, if it is one."""
    return Step(before.member_id, tier, before.tier, reason, at) if tier != before.tier else None


def climbed(member: Member, ladder: Ladder, month: date) -> str:
    """The tier after something good happened in that month."""
    return ladder.climb(member.tier, member.standing(month))
