"""What members agreed to, remembered for a moment: a change is seen everywhere within seconds."""

import time
from collections.abc import Callable, Iterable, Sequence
from uuid import UUID

from chassis.coalesce import Coalescer
from chassis.database import Database, Tx
from gateway_service.consent import repository
from gateway_service.consent.domain import Key

SECONDS = 2.0  # how long another process may not know; 5 are promised
_REMEMBERED = 100_000


class Standings:
    """`await granted(member, purpose, channel)`, from memory or with others in one query."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self.db: Database | None = None  # opened after this was made
        self._now = monotonic
        self._known: dict[UUID, tuple[float, frozenset[Key]]] = {}
        self._asked: Coalescer[UUID, frozenset[Key]] = Coalescer(self._load)

    async def granted(self, member_id: UUID, purpose: str, channel: str | None = None) -> bool:
        """Whether the member has agreed, under whichever of the member's ids it is asked."""
        return Key(purpose, channel or "") in await self.all_of(member_id)

    async def all_of(self, member_id: UUID) -> frozenset[Key]:
        """Everything a member has agreed to."""
        known = self._known.get(member_id)
        if known is not None and known[0] > self._now():
            return known[1]
        until = self._now() + SECONDS  # counted from before the question
        found = await self._asked.submit(member_id)
        if len(self._known) >= _REMEMBERED:
            self._known.clear()
        self._known[member_id] = (until, found)
        return found

    def forget(self, tx: Tx, members: Iterable[UUID]) -> None:
        """In this process a change counts as soon as it is committed."""
        gone = list(members)
        tx.after_commit(lambda: [self._known.pop(member, None) for member in gone])

    def forget_all(self, tx: Tx) -> None:
        """A notice or a merge concerns more than can be named."""
        tx.after_commit(self._known.clear)

    async def _load(self, members: Sequence[UUID]) -> list[frozenset[Key] | Exception]:
        assert self.db is not None
        async with self.db.statement() as tx:
            return [*await repository.granted(tx, members)]
