"""Whose birthday is known, told in the transaction that learnt of it."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from chassis.database import Database, Tx
from contracts.events import BirthdaysKnown, KnownBirthday
from identity_service.birthdays import repository

CHUNK = 1000  # members an event


def tell(tx: Tx, known: Iterable[tuple[UUID, str | None]]) -> None:
    """(member, sealed birthday), in sequence; those without one are left out."""
    found = [KnownBirthday(member_id, birthday) for member_id, birthday in known if birthday]
    if found:
        tx.publish(BirthdaysKnown(found))


async def tell_untold(db: Database, _now: datetime) -> None:
    """Members from before birthdays were told: all of them, once."""
    taken = CHUNK
    while taken == CHUNK:
        async with db.transaction() as tx:
            taken, found = await repository.take_untold(tx, CHUNK)
            if found:
                tx.publish(BirthdaysKnown(found))
