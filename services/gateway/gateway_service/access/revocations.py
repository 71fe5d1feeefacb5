"""Tokens that were ended before their time, known to every gateway within a second or two."""

from collections.abc import Iterable
from datetime import datetime

from chassis.database import Database
from gateway_service.access import repository
from gateway_service.access.repository import Revoked

_OVERLAP = 1_000  # numbers are given before they are committed: look again at so many


class Revocations:
    """Marks that count no more. A token carries several: itself, its sign-in, client, holder."""

    def __init__(self) -> None:
        self._at: dict[str, float] = {}
        self._until: dict[str, float] = {}
        self._last = 0

    def hits(self, marks: Iterable[str], issued: float) -> bool:
        """Whether a token issued then (epoch seconds) with one of these marks is over."""
        if not self._at:
            return False
        return any(issued <= self._at.get(mark, -1.0) for mark in marks)

    def add(self, mark: str, at: datetime, until: datetime) -> None:
        """One that this process has just made."""
        self._at[mark] = max(at.timestamp(), self._at.get(mark, 0.0))
        self._until[mark] = max(until.timestamp(), self._until.get(mark, 0.0))

    async def poll(self, db: Database, now: datetime) -> None:
        """What all gateways have revoked; run again and again in each of them."""
        async with db.statement() as tx:
            found: list[Revoked] = await repository.revocations(tx, self._last - _OVERLAP)
        for one in found:
            self.add(one.mark, one.at, one.until)
            self._last = max(self._last, one.id)
        for mark in [mark for mark, until in self._until.items() if until < now.timestamp()]:
            del self._until[mark], self._at[mark]
