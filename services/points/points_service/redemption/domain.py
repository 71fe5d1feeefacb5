"""Spending: multiples only, oldest lots first, never more than there is."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from points_service.ledger.domain import Journal, JournalKind, entries, honouring, member
from points_service.lots.domain import Lot, Use, consume, redeemable
from points_service.members.domain import Member

PROGRAMME = "programme"  # honours what is not spent in a store


@dataclass(frozen=True, slots=True)
class Burn:
    """Points that are spent."""

    member: Member
    points: int
    journal: Journal
    uses: list[Use]


def is_multiple(points: int, multiple: int) -> bool:
    """Whether so many points can be spent at all."""
    return points % multiple == 0


def burn(
    before: Member,
    lots: Sequence[Lot],
    points: int,
    *,
    store: str | None,
    journal_id: UUID,
    now: datetime,
) -> Burn | None:
    """None where there are not enough points."""
    if redeemable(lots, now) < points:
        return None
    lines = entries(
        (member(before.member_id), -points),
        (honouring(store or PROGRAMME), points),
    )
    return Burn(
        member=replace(before, balance=before.balance - points),
        points=points,
        journal=Journal(journal_id, JournalKind.BURN, str(journal_id), now, lines),
        uses=consume(lots, points, journal_id, now),
    )


def value_fen(points: int, points_per_yuan: int) -> int:
    """What points are worth, rounded down to whole fen."""
    return points * 100 // points_per_yuan
