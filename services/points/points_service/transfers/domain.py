"""The very lots move: what a member is given keeps the dates it had, however often it moves on."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from points_service.ledger.domain import Journal, JournalKind, debt, entries, member
from points_service.lots.domain import Lot, Use, consume, redeemable, total
from points_service.members.domain import Member


@dataclass(frozen=True, slots=True)
class Limits:
    """How many points may move: in one transfer, and in a day of the programme."""

    minimum: int = 100
    maximum: int = 10_000
    given_daily: int = 20_000
    received_daily: int = 20_000

    def objection(self, points: int, given: int, received: int) -> tuple[str, str] | None:
        """Why so many cannot move after what was `given` and `received` today, or None."""
        if points < self.minimum:
            return "below_minimum", f"At least {self.minimum} points are given at a time"
        if points > self.maximum:
            return "above_maximum", f"At most {self.maximum} points are given at a time"
        if given + points > self.given_daily:
            return "daily_limit", f"At most {self.given_daily} points are given in a day"
        if received + points > self.received_daily:
            return "receiver_limit", "The other member cannot receive so many points today"
        return None


@dataclass(frozen=True, slots=True)
class Transfer:
    """Points that move, and what has to be written: `lots` are the receiver's new ones."""

    giver: Member
    receiver: Member
    points: int
    journal: Journal
    lots: list[Lot]
    uses: list[Use]


def transfer(
    giver: Member,
    receiver: Member,
    held: Sequence[Lot],
    points: int,
    *,
    new_id: Callable[[], UUID],
    now: datetime,
) -> Transfer | None:
    """Move the points that go next; None where there are not enough. A debt is paid first."""
    if redeemable(held, now) < points:
        return None
    journal_id = new_id()
    given = consume(held, points, journal_id, now)
    by_id = {lot.lot_id: lot for lot in held}
    lots = [
        replace(
            by_id[use.lot_id],
            lot_id=new_id(),
            member_id=receiver.member_id,
            points=use.points,
            remaining=use.points,
            expired=0,
            moved_from=use.lot_id,
        )
        for use in given
    ]
    paid = consume(lots, receiver.owed, journal_id, now)
    owed = total(paid)
    lines = entries(
        (member(giver.member_id), -points),
        (member(receiver.member_id), points - owed),
        (debt(receiver.member_id), owed),
    )
    return Transfer(
        giver=replace(giver, balance=giver.balance - points),
        receiver=replace(
            receiver, balance=receiver.balance + points - owed, owed=receiver.owed - owed
        ),
        points=points,
        journal=Journal(journal_id, JournalKind.TRANSFER, str(journal_id), now, lines),
        lots=lots,
        uses=[*given, *paid],
    )
