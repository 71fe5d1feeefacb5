"""`huiyuan ledger verify`: reads the whole ledger once and says what is not as it was booked."""

from collections.abc import Callable

from chassis.database import Tx
from chassis.evidence.strongbox import Strongbox
from chassis.evidence.walk import Audit, Walk
from points_service.proofs import repository
from points_service.proofs.chain import chained


async def audit(
    tx: Tx, box: Strongbox, progress: Callable[[int], None] = lambda entries: None
) -> Audit:
    """Look at everything. `tx` must see one moment (repeatable read) where others post."""
    walk = await Walk.begin(tx, box)
    found = walk.audit
    async for entry_id, link in repository.everything(tx):
        if link is None:
            walk.gone(entry_id, "its journal or its account")
        else:
            previous = walk.previous(link.lane)
            due = chained(previous, link) if previous else None
            walk.step(link.lane, entry_id, link.hash, due)
        if found.entries % 10_000 == 0:
            progress(found.entries)
    walk.finish()
    for what, where in await repository.unbalanced(tx):
        found.wrong(f"{what}: {where}")
    return found
