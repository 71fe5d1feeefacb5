"""What is signed of the audit, and the verification of all of it."""

from collections.abc import Callable, Sequence

from chassis.database import Database, Tx
from chassis.evidence.signing import witness
from chassis.evidence.strongbox import Strongbox
from chassis.evidence.walk import Audit as Findings
from chassis.evidence.walk import Walk
from contracts.events import AuditCheckpointed
from contracts.evidence.checkpoints import Checkpoint, Lane, told
from gateway_service.audit import repository
from gateway_service.audit.chain import AUDIT, chained

_OFTEN = 10_000


class AuditBooks:
    """The audit as `chassis.evidence.signing.Books`."""

    of = AUDIT

    async def leaves(
        self, tx: Tx, after: Sequence[Lane], upto: Sequence[Lane]
    ) -> list[tuple[int, int, bytes]]:
        """Lane by lane."""
        return await repository.leaves(tx, after, upto)

    def told(self, made: Checkpoint) -> AuditCheckpointed:
        """`gateway.audit_checkpointed.v1`."""
        return AuditCheckpointed(**told(made))


async def verify(
    tx: Tx, box: Strongbox, progress: Callable[[int], None] = lambda entries: None
) -> Findings:
    """Look at everything. `tx` must see one moment where others write."""
    walk = await Walk.begin(tx, box)
    found = walk.audit
    async for lane, number, body, kept in repository.everything(tx):
        previous = walk.previous(lane)
        walk.step(lane, number, kept, chained(previous, lane, number, body) if previous else None)
        if found.entries % _OFTEN == 0:
            progress(found.entries)
    return walk.finish()


async def verify_now(db: Database, box: Strongbox) -> Findings:
    """The same beside those who write: what is wrong once may be a checkpoint just being made."""
    for _ in range(2):
        await witness(db, box)
        async with db.transaction(readonly=True, snapshot=True) as tx:
            found = await verify(tx, box)
        if found.clean:
            break
    return found
