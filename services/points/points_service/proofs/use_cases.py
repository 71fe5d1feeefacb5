"""What is signed of the ledger, and receipts."""

from collections.abc import Sequence
from uuid import UUID

from chassis.database import Database, Tx
from chassis.evidence import repository as evidence
from chassis.evidence.signing import checkpoint
from chassis.evidence.strongbox import Strongbox
from chassis.problem import Problem
from contracts.evidence.checkpoints import Checkpoint, Lane, told
from contracts.points_events import LedgerCheckpointed
from points_service.members import repository as members
from points_service.members.use_cases import existing
from points_service.proofs import repository
from points_service.proofs.domain import LEDGER, Receipt, receipt


class Ledger:
    """The ledger as `chassis.evidence.signing.Books`."""

    of = LEDGER

    async def leaves(
        self, tx: Tx, after: Sequence[Lane], upto: Sequence[Lane]
    ) -> list[tuple[int, int, bytes]]:
        """In the order of the entries' numbers."""
        return await repository.leaves(tx, after, upto)

    def told(self, made: Checkpoint) -> LedgerCheckpointed:
        """`points.ledger_checkpointed.v1`."""
        return LedgerCheckpointed(**told(made))


async def checkpoint_now(db: Database, box: Strongbox) -> Checkpoint:
    """A checkpoint, asked for; raises Problem 409 where nothing was ever booked."""
    made = await checkpoint(db, Ledger(), box)
    if made is None:
        raise Problem(409, "empty_ledger", "Nothing was booked yet")
    return made


async def receipt_of(tx: Tx, entry_id: int, only: UUID | None = None) -> Receipt:
    """The proof that an entry is in the ledger.

    `only` limits it to entries of this member (else 404). Raises Problem 404 for an unknown entry
    and 409 for one that is not under a checkpoint yet.
    """
    found = await repository.entry(tx, entry_id)
    if found is None or (only is not None and found.owner not in await _owners(tx, only)):
        raise Problem(404, "unknown_entry", "There is no such entry")
    made = await evidence.covering(tx, LEDGER, found.lane, entry_id)
    if made is None:
        raise Problem(
            409, "not_under_a_checkpoint", "Its checkpoint is made within the hour; ask again then"
        )
    earlier = await evidence.before(tx, LEDGER, made.checkpoint_id)
    after = earlier.lanes if earlier else evidence.beginnings(LEDGER, made.lanes)
    leaves = await repository.leaves(tx, after, made.lanes)
    previous = after[found.lane].hash
    for number, lane, leaf in leaves:
        if lane == found.lane and number < entry_id:
            previous = leaf
    return receipt(found, previous, [leaf for _, _, leaf in leaves], made)


async def _owners(tx: Tx, member_id: UUID) -> set[str]:
    member = await existing(tx, member_id)
    return {str(each) for each in await members.everybody(tx, member.member_id)}
