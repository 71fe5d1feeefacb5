"""Making checkpoints: hourly or when asked for, as a row, an event and a line of the witness."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Protocol

from chassis.database import Database, Tx
from chassis.evidence import repository
from chassis.evidence.strongbox import Strongbox
from chassis.jobs import BackgroundJob
from contracts.base import Event
from contracts.evidence import merkle
from contracts.evidence.checkpoints import FIRST, Checkpoint, Lane

EVERY = timedelta(hours=1)
_ALL = 2**31 - 1


class Books(Protocol):
    """What is signed. `of` names it in statements: "ledger"."""

    of: str

    async def leaves(
        self, tx: Tx, after: Sequence[Lane], upto: Sequence[Lane]
    ) -> list[tuple[int, int, bytes]]:
        """(entry, lane, hash) between two ends of every lane, in the order they are proved in."""
        ...

    def told(self, made: Checkpoint) -> Event:
        """What the bus is told of a checkpoint."""
        ...


def hourly(books: Books, box: Strongbox) -> BackgroundJob:
    """An hourly checkpoint; nobody's answer waits for it."""

    async def run(db: Database, now: datetime) -> None:
        await checkpoint_when_due(db, books, box, now)

    return BackgroundJob(f"{books.of}_checkpoints", run)


async def checkpoint_when_due(db: Database, books: Books, box: Strongbox, now: datetime) -> None:
    """A checkpoint if the latest is an hour old; a clock set back does not hold it up."""
    async with db.transaction(readonly=True) as tx:
        latest = await repository.latest_at(tx)
    if latest is None or not latest <= now < latest + EVERY:
        await checkpoint(db, books, box)
    elif box.behind:
        await witness(db, box)


async def checkpoint(db: Database, books: Books, box: Strongbox) -> Checkpoint | None:
    """Sign all entries since the last checkpoint; answers the latest, None while there is nothing.

    The row and its announcement commit first, the witness follows and catches up after a crash.
    """
    box.behind = True
    async with db.transaction() as tx:
        await repository.turn(tx, books.of)
        latest = await repository.last(tx, books.of)
        made = await _next(tx, books, latest)
        if made is not None:
            key_id, signature = box.sign(made)
            made = replace(made, key_id=key_id, signature=signature)
            await repository.add(tx, made)
            tx.publish(books.told(made))
    await witness(db, box)
    return made or latest


async def witness(db: Database, box: Strongbox) -> None:
    """Bring the witness up to date."""
    latest = box.latest()
    async with db.transaction(readonly=True) as tx:
        missing = await repository.checkpoints(tx, box.of, latest, _ALL)
    box.keep(missing)
    box.behind = False


async def _next(tx: Tx, books: Books, latest: Checkpoint | None) -> Checkpoint | None:
    ends = await repository.lanes(tx)
    after = latest.lanes if latest else repository.beginnings(books.of, ends)
    found = await books.leaves(tx, after, ends)
    if not found:
        return None
    return Checkpoint(
        of=books.of,
        checkpoint_id=latest.checkpoint_id + 1 if latest else 1,
        at=tx.now,
        lanes=ends,
        entries=len(found),
        root=merkle.root([leaf for _, _, leaf in found]),
        previous=latest.digest() if latest else FIRST,
    )
