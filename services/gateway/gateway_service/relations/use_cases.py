"""Follow what services tell; say how a member stands towards a caller."""

from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from chassis.clock import local_date
from chassis.database import Database, Tx
from chassis.principal import Principal
from contracts.events import MembersMerged, MembersSplit, OrdersRecorded
from contracts.roles import Role
from gateway_service.approvals import repository as approvals
from gateway_service.relations import repository
from gateway_service.relations.domain import child_until

Granted = Callable[[UUID, str], Awaitable[bool]]
_REMEMBERED = 200_000
_USES = {
    Role.PARTNER: "third_party_sharing"
}  # which consent a role needs; others: personal service
_PERSONAL_SERVICE, _SENSITIVE = "personalised_recommendation", "sensitive"


@dataclass(frozen=True, slots=True)
class Known:
    """What was asked about one member; False where nobody asked."""

    own_store: bool = False
    consent: bool = False
    consent_sensitive: bool = False
    guarded: bool = False


class Relations:
    """Members in relation to callers. `db` is there once the gateway has started."""

    def __init__(self, granted: Granted) -> None:
        self.db: Database
        self._granted = granted
        self._seen: set[tuple[UUID, str]] = set()

    async def bought(self, tx: Tx, events: Sequence[OrdersRecorded]) -> None:
        """Members are known in the stores where they bought."""
        await self.joined(
            tx, {(order.member_id, order.store_id) for event in events for order in event.orders}
        )

    async def joined(self, tx: Tx, pairs: Collection[tuple[UUID, str]]) -> None:
        """Members are known in these stores; most are already."""
        fresh = set(pairs) - self._seen
        if not fresh:
            return
        await repository.put_stores(tx, fresh)
        tx.after_commit(lambda: self._remember(fresh))

    async def joined_in(self, store_id: str, members: Iterable[UUID]) -> None:
        """Members registered in a store."""
        async with self.db.transaction() as tx:
            await self.joined(tx, {(member, store_id) for member in members})

    async def born(self, tx: Tx, births: Mapping[UUID, date]) -> None:
        """Members' birthdays are known, or other than before."""
        today = local_date(tx.now)
        young = {each: until for each, day in births.items() if (until := child_until(day)) > today}
        if young:
            await repository.put_children(tx, young)
        await repository.drop_children(tx, births.keys() - young.keys())

    async def merged(self, tx: Tx, events: Sequence[MembersMerged]) -> None:
        """What is known follows the member, in sequence: a survivor may be absorbed next."""
        for event in events:
            await repository.merge(tx, [event.survivor_id], [event.absorbed_id])

    async def split(self, tx: Tx, events: Sequence[MembersSplit]) -> None:
        """Each member is known where it was itself."""
        for event in events:
            await repository.split(tx, [event.restored_id, *event.members])

    async def towards(
        self, principal: Principal, members: Sequence[tuple[UUID, ...]], facts: Collection[str]
    ) -> list[Known]:
        """How each member, under all its ids, stands towards the caller; only `facts` are asked."""
        ids = {each for member in members for each in member}
        known_here: set[UUID] = set()
        guarded: set[UUID] = set()
        if ids and ("guarded" in facts or ("relation" in facts and principal.store)):
            async with self.db.transaction(readonly=True) as tx:
                if "relation" in facts and principal.store:
                    known_here = await repository.known_in(tx, principal.store, ids)
                if "guarded" in facts:
                    guarded = await repository.children(tx, ids, local_date(tx.now))
                if guarded:
                    guarded -= await approvals.granted_to(tx, principal.subject, guarded)
        use = _USES.get(principal.role, _PERSONAL_SERVICE)
        return [
            Known(
                any(each in known_here for each in member),
                "consent" in facts and await self._agreed(member, use),
                "consent_sensitive" in facts and await self._agreed(member, _SENSITIVE),
                any(each in guarded for each in member),
            )
            for member in members
        ]

    async def _agreed(self, member: tuple[UUID, ...], purpose: str) -> bool:
        """A member's answer is found under its first id, the survivor's."""
        return bool(member) and await self._granted(member[0], purpose)

    def _remember(self, fresh: set[tuple[UUID, str]]) -> None:
        if len(self._seen) > _REMEMBERED:
            self._seen.clear()
        self._seen |= fresh


async def forget_grown_ups(db: Database, midnight: datetime) -> None:
    """Who is no child any more needs no protection as one."""
    async with db.transaction() as tx:
        await repository.grown_up(tx, local_date(midnight))
