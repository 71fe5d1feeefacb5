"""Learn birthdays; announce each day's."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import date, datetime
from uuid import UUID

from chassis.clock import local_date
from chassis.database import Database, Tx
from chassis.logs import log
from contracts.events import BirthdaysAnnounced, BirthdaysKnown, MembersSplit
from contracts.sealed import Sealed
from gateway_service.birthdays import repository
from gateway_service.birthdays.domain import AHEAD, Index, celebrated, month_day, near
from gateway_service.vault.seal import NotOurs, Vault

CHUNK = 5000  # members an event
FIRST = UUID(int=0)
PLACE = "member.birthday"
Born = Callable[[Tx, Mapping[UUID, date]], Awaitable[None]]  # who else wants to know


class Birthdays:
    """Opens what identity tells, and keeps nothing of it but the index."""

    def __init__(self, vault: Vault, index: Index, born: Born) -> None:
        self._vault, self._index, self._born = vault, index, born

    async def learn(self, tx: Tx, events: Sequence[BirthdaysKnown]) -> None:
        """Keep them; today's and tomorrow's are told at once, for their announcement is over."""
        told = {row.member_id: row.birthday for event in events for row in event.members}
        bound = await repository.bound_to(tx, told)
        await self._vault.ready_for(*told.values())
        found: dict[UUID, bytes] = {}
        births: dict[UUID, date] = {}
        for member_id, token in told.items():
            try:
                mine = {member_id.bytes, *bound[member_id]}
                opened = self._vault.open(Sealed.parse(token), mine, place=PLACE)
            except (NotOurs, ValueError):
                log.error("sealed_elsewhere", member_id=str(member_id))
                continue
            found[member_id] = self._index(month_day(opened))
            births[member_id] = date.fromisoformat(opened)
        if not found:
            return
        await repository.put(tx, found)
        await self._born(tx, births)
        for day in near(local_date(tx.now)):
            indexes = {self._index(each) for each in celebrated(day)}
            now = sorted(member_id for member_id, index in found.items() if index in indexes)
            if now:
                tx.publish(BirthdaysAnnounced(day, now))

    async def split(self, tx: Tx, events: Sequence[MembersSplit]) -> None:
        """Who had a birthday only by a merge has none; its own is told by itself."""
        gone = [event.survivor_id for event in events if "birthday" in event.cleared]
        if gone:
            await repository.drop(tx, gone)

    async def announce(self, db: Database, midnight: datetime) -> None:
        """The birthdays of the day after. Told again after a crash, nothing counts twice."""
        day = local_date(midnight) + AHEAD
        indexes = [self._index(each) for each in celebrated(day)]
        last: UUID | None = FIRST
        while last is not None:
            async with db.transaction() as tx:
                members = await repository.born_on(tx, indexes, last, CHUNK)
                if members:
                    tx.publish(BirthdaysAnnounced(day, members))
            last = members[-1] if len(members) == CHUNK else None
