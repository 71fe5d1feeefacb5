"""Writing the audit, within a transaction or before an answer."""

from collections.abc import Callable, Iterable, Sequence
from uuid import UUID

from chassis.coalesce import Coalescer
from chassis.database import Database, Tx
from chassis.principal import Principal
from contracts.auditing import Action, Decision
from gateway_service.audit import repository
from gateway_service.audit.domain import Entry, canonical, pseudonym


class Audit:
    """Writes entries. `key` makes pseudonyms; there is one, and a `db`, once it has started."""

    def __init__(self, key: Callable[[], bytes]) -> None:
        self._key = key
        self.db: Database
        self._now: Coalescer[Entry, None] = Coalescer(self._write)

    def record(self, tx: Tx, entry: Entry) -> None:
        """An entry that is there if and when `tx` commits. Takes its lane last, for the commit."""
        tx.at_end(repository.append, canonical(entry, tx.ids.new(), tx.now, self._key()))

    async def record_now(self, entry: Entry) -> None:
        """An entry that is on disk when this returns; callers at the same moment share a commit."""
        await self._now.submit(entry)

    def pseudonym(self, member_id: UUID) -> UUID:
        """What a member is called in the audit."""
        return pseudonym(self._key(), member_id)

    async def _write(self, entries: Sequence[Entry]) -> Sequence[None]:
        async with self.db.transaction() as tx:
            for entry in entries:
                self.record(tx, entry)
        return [None] * len(entries)


def entry_by(
    principal: Principal,
    action: Action,
    decision: Decision,
    operation: str,
    *,
    ticket: str | None = None,
    members: Iterable[UUID] = (),
    fields: Iterable[str] = (),
    trace_id: str | None = None,
) -> Entry:
    """The entry of what a principal did."""
    return Entry(
        action=action, decision=decision, operation=operation,
        role=principal.role, subject=principal.subject, purpose=principal.purpose,
        ticket=ticket, members=members, fields=fields, trace_id=trace_id,
    )  # fmt: skip
