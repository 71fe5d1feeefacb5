"""Following a batch of clues: one query to see that nothing is new, which is the usual case."""

from collections.abc import Sequence

from chassis.database import Tx
from identity_service.identifiers.owners import Owners
from identity_service.likeness.use_cases import doubted, strangers_among
from identity_service.merges.repository import hold, load
from identity_service.merges.use_cases import record
from identity_service.resolution.domain import Clue, stitch


async def follow(tx: Tx, remembered: Owners, clues: Sequence[Clue]) -> None:
    """Link and merge what the clues show; propose what they only say.

    Looks first without holding anybody up: if no clue says anything new now, none does later.
    """
    indexes = {mark.index for clue in clues for mark in clue.marks}
    members = {clue.member_id for clue in clues if clue.member_id}
    owners, roots = await remembered.of(tx, indexes, members)
    doubts = [each for clue in clues if (each := clue.claims(owners.get, roots.get))]
    if any(clue.changes(owners.get, roots.get) for clue in clues):
        await hold(tx)
        kin = await load(tx, indexes, members)
        doubts += stitch(kin, clues, await strangers_among(tx, kin.people))
        await record(tx, kin)
    await doubted(tx, doubts)
