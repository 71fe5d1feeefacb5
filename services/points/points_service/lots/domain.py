"""Lots: points that were earned together, expire together and are spent oldest expiry first."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from points_service.calendar import day_of, months_later, start_of


@dataclass(frozen=True, slots=True)
class Lot:
    """`lot_id` is the journal that earned it; points = remaining + expired + used − restored."""

    lot_id: UUID
    member_id: UUID
    earned_by: UUID
    earned_at: datetime
    expires_at: datetime
    points: int
    remaining: int
    expired: int = 0
    expired_at: datetime | None = None

    def is_live(self, now: datetime) -> bool:
        """Whether its points can be spent. Once expired it stays so, whatever the clock says."""
        return self.expired_at is None and now < self.expires_at


@dataclass(frozen=True, slots=True)
class Use:
    """Points that a journal took out of a lot.

    `expired` of them had expired before; `restored` of them came back later by refunds.
    """

    journal_id: UUID
    lot_id: UUID
    points: int
    expired: int = 0
    restored: int = 0


@dataclass(frozen=True, slots=True)
class Restore:
    """Points that go back to a lot a burn took them from; if it is not live they expire at once."""

    journal_id: UUID
    lot_id: UUID
    points: int
    live: bool


def expiry(earned_at: datetime, months: int) -> datetime:
    """When points of that moment expire: at the midnight that begins the day `months` later."""
    return start_of(months_later(day_of(earned_at), months))


def oldest_first(lot: Lot) -> tuple[datetime, datetime, UUID]:
    """Sort key of spending; what was earned first breaks ties, so that replays agree."""
    return lot.expires_at, lot.earned_at, lot.lot_id


def redeemable(lots: Iterable[Lot], now: datetime) -> int:
    """Points that can be spent now."""
    return sum(lot.remaining for lot in lots if lot.is_live(now))


def consume(lots: Iterable[Lot], points: int, journal_id: UUID, now: datetime) -> list[Use]:
    """Take up to `points` from live lots, oldest expiry first; less where there is not enough."""
    uses = []
    for lot in sorted(lots, key=oldest_first):
        if points == 0:
            break
        taken = min(points, lot.remaining) if lot.is_live(now) else 0
        if taken:
            uses.append(Use(journal_id, lot.lot_id, taken))
            points -= taken
    return uses


def total(uses: Sequence[Use]) -> int:
    """Points in all of them."""
    return sum(use.points for use in uses)
