"""A midnight's expiry, by member."""

from collections.abc import Callable, Sequence
from datetime import datetime
from itertools import groupby
from uuid import UUID

from points_service.calendar import day_of
from points_service.ledger.domain import BREAKAGE, Journal, JournalKind, entries, member
from points_service.lots.domain import Lot


def expire(
    due: Sequence[Lot], midnight: datetime, new_id: Callable[[], UUID]
) -> list[tuple[UUID, int, Journal]]:
    """(member, points, journal), one for each member; `due` comes ordered by member."""
    found = []
    for member_id, group in groupby(due, key=lambda lot: lot.member_id):
        lots = list(group)
        points = sum(lot.remaining for lot in lots)
        lines = entries((member(member_id), -points), (BREAKAGE, points))
        ref = f"{day_of(midnight)}/{lots[0].lot_id}"  # a lot expires once
        journal = Journal(new_id(), JournalKind.EXPIRE, ref, midnight, lines)
        found.append((member_id, points, journal))
    return found
