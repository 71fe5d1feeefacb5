"""Who owns which identifier, and as whom a member answers, remembered.

What may have changed is written down with each change (`ownership_change`, by triggers, so nothing
can forget it), one row a statement, under the lock that changes of ownership take turns by. Reading
the rows since the last look is one small query, and after it whatever is remembered is what the
tables say at that moment. So a merge, a split or an erasure counts at once, in every process.
"""

from collections.abc import Collection, Mapping
from typing import Any
from uuid import UUID

from chassis.database import Tx
from identity_service.identifiers import repository
from identity_service.merges.domain import Owned
from identity_service.merges.repository import owned, roots_of

MOST = 300_000  # about 80 MB


class Owners:
    """One a process. Ask before the transaction changes anything itself."""

    def __init__(self) -> None:
        self._owned: dict[str, Owned | None] = {}  # None: nobody's
        self._roots: dict[str, UUID] = {}  # by the text of a member id
        self._seen: int | None = None

    async def of(
        self, tx: Tx, indexes: Collection[str], members: Collection[UUID] = ()
    ) -> tuple[Mapping[str, Owned], Mapping[UUID, UUID]]:
        """Owners by index, surviving members by id; unknown ones are absent."""
        await self._follow(tx)
        seen, names = self._seen, {str(member): member for member in members}
        owners = {index: self._owned[index] for index in indexes if index in self._owned}
        roots = {name: self._roots[name] for name in names if name in self._roots}
        if missing := [index for index in indexes if index not in owners]:
            found = await owned(tx, missing)
            owners |= (fresh := {index: found.get(index) for index in missing})
            self._keep(self._owned, fresh, seen)
        if unknown := [member for name, member in names.items() if name not in roots]:
            living = await roots_of(tx, unknown)
            roots |= (fresh_roots := {str(member): root for member, root in living.items()})
            self._keep(self._roots, fresh_roots, seen)
        return (
            {index: owner for index, owner in owners.items() if owner},
            {names[name]: root for name, root in roots.items()},
        )

    async def _follow(self, tx: Tx) -> None:
        changes = await repository.changes_since(tx, self._seen)
        if changes.keys is None:
            self._owned.clear()
            self._roots.clear()
        for key in changes.keys or ():
            self._owned.pop(key, None)
            self._roots.pop(key, None)
        self._seen = changes.seq

    def _keep(self, known: dict[str, Any], fresh: Mapping[str, Any], seen: int | None) -> None:
        """Remember, unless somebody else followed meanwhile and what was read may be older."""
        if seen != self._seen:
            return
        if len(known) + len(fresh) > MOST:
            known.clear()
        known.update(fresh)
