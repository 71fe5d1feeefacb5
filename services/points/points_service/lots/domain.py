"""Lots: points that were earned together, expire together and are spent oldest expiry first."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from uuid import UUID

from points_service.calendar import start_of
from points_service.ledger.domain import BREAKAGE, Account, debt, member


@dataclass(frozen=True, slots=True)
class Lot:
    """`lot_id` is the journal that earned it; points = remaining + expired + used − restored.

    A lot that was `moved_from` another member's has an id of its own. `expired` counts what
    depreciation took as well, last on the day `depreciated_on`.
    """

    lot_id: UUID
    member_id: UUID
    earned_by: UUID
    earned_at: datetime
    expires_at: datetime
    points: int
    remaining: int
    expired: int = 0
    expired_at: datetime | None = None
    moved_from: UUID | None = None
    depreciated_on: date | None = None

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
    """Points that go back to the lot a journal took them from; not `live`: they expire at once."""

    journal_id: UUID
    lot_id: UUID
    points: int
    live: bool


@dataclass(frozen=True, slots=True)
class Part:
    """Points that a journal has out of a lot, without what it gave back."""

    lot: Lot
    points: int


@dataclass(frozen=True, slots=True)
class Passed:
    """Points of a lot that one journal has now instead of another."""

    journal_id: UUID
    taker_id: UUID
    lot_id: UUID
    points: int


@dataclass(frozen=True, slots=True)
class Depreciation:
    """At the first moment of a day every lot earned before lost that percentage, rounded down."""

    day: date
    percent: int

    def takes(self, points: int) -> int:
        """Of so many points of a lot."""
        return points * self.percent // 100


@dataclass(frozen=True, slots=True)
class Returned:
    """Points that go back to their lots: `live` can be spent, but first they paid a debt."""

    restores: list[Restore]
    uses: list[Use]
    live: int
    dead: int

    def lines(self, member_id: UUID) -> tuple[tuple[Account, int], ...]:
        """Where they end up in the books; the journal's other side is −(live + dead)."""
        paid = total(self.uses)
        return (member(member_id), self.live - paid), (debt(member_id), paid), (BREAKAGE, self.dead)


def oldest_first(lot: Lot) -> tuple[datetime, datetime, int, UUID]:
    """Sort key of spending; ties break so that replays agree, whatever ids their lots have."""
    return lot.expires_at, lot.earned_at, lot.points, lot.lot_id


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


def less(lots: Iterable[Lot], uses: Iterable[Use]) -> list[Lot]:
    """The lots after these uses."""
    taken: dict[UUID, int] = {}
    for use in uses:
        taken[use.lot_id] = taken.get(use.lot_id, 0) + use.points
    return [
        replace(lot, remaining=lot.remaining - taken[lot.lot_id]) if lot.lot_id in taken else lot
        for lot in lots
    ]


def total(uses: Sequence[Use]) -> int:
    """Points in all of them."""
    return sum(use.points for use in uses)


def split(parts: Iterable[Part], points: int) -> tuple[list[Part], list[Part]]:
    """The first `points` of them, oldest expiry first, and the rest."""
    first, rest = [], []
    for part in sorted(parts, key=lambda part: oldest_first(part.lot)):
        taken = min(points, part.points)
        if taken:
            first.append(Part(part.lot, taken))
        if taken < part.points:
            rest.append(Part(part.lot, part.points - taken))
        points -= taken
    return first, rest


def give_back(
    origin: UUID,
    parts: Sequence[Part],
    *,
    owed: int,
    since: datetime,
    depreciations: Sequence[Depreciation],
    journal_id: UUID,
    now: datetime,
) -> Returned:
    """Give parts of journal `origin`, which had them `since`, back to their lots.

    A lot past its date revives nothing, and a depreciation in between takes its share.
    """
    restores, refilled = [], []
    for part in parts:
        lot = part.lot
        live = _left(part, since, depreciations) if lot.is_live(now) else 0
        refilled.append(replace(lot, remaining=live))
        for points, alive in ((live, True), (part.points - live, False)):
            if points:
                restores.append(Restore(origin, lot.lot_id, points, alive))
    back = sum(part.points for part in parts)
    live = sum(lot.remaining for lot in refilled)
    return Returned(restores, consume(refilled, owed, journal_id, now), live, back - live)


def _left(part: Part, since: datetime, depreciations: Sequence[Depreciation]) -> int:
    """What a part would be now had it stayed in its lot, by the days the lot has seen."""
    points, seen = part.points, part.lot.depreciated_on
    for each in depreciations:
        if seen and each.day <= seen and since < start_of(each.day):
            points -= each.takes(points)
    return points
