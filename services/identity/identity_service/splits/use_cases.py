"""Undoing a merge on a colleague's word."""

from datetime import datetime
from typing import cast
from uuid import UUID

from chassis.database import Tx
from chassis.problem import Problem
from contracts import identity as api
from contracts.classification import Kind
from contracts.events import MembersSplit
from identity_service.birthdays import use_cases as birthdays
from identity_service.merges import repository as merges
from identity_service.merges.use_cases import unknown_merge
from identity_service.splits import repository
from identity_service.splits.domain import Split
from identity_service.splits.domain import split as decide


async def split(tx: Tx, merge_id: UUID, *, dry_run: bool = False) -> api.Split:
    """Take a merge back. Raises Problem 404, 409 `already_split`, 409 `member_erased`."""
    await merges.hold(tx)
    merge = await merges.find(tx, merge_id)
    if merge is None:
        raise unknown_merge()
    if merge.undone_at is not None:
        raise Problem(409, "already_split", "This merge was taken back before")
    family = await repository.family(tx, merge_id)
    if family is None:
        raise Problem(409, "member_erased", "These members were erased; nothing is left to part")
    done = decide(family, merge_id)
    if not dry_run:
        await repository.save(tx, done)
        _tell(tx, done, merge.merged_at)
    return api.Split(
        merge_id=merge_id,
        survivor_id=done.survivor_id,
        restored_id=done.restored_id,
        members=list(done.members),
        identifiers=[Kind(index.partition(":")[0]) for index in done.identifiers],
        cleared=list(done.cleared),
        split_at=None if dry_run else tx.now,
    )


def _tell(tx: Tx, done: Split, merged_at: datetime) -> None:
    """The split first, so that what it changes of a birthday is told about two members."""
    survivor = done.rows.get(done.survivor_id)
    tx.publish(
        MembersSplit(
            merge_id=done.merge_id,
            survivor_id=done.survivor_id,
            restored_id=done.restored_id,
            members=list(done.members),
            identifiers=list(done.identifiers),
            cleared=list(done.cleared),
            merged_at=merged_at,
            split_at=tx.now,
        )
    )
    if survivor is not None and (birthday := survivor.attributes["birthday"]):
        birthdays.tell(tx, [(done.survivor_id, cast(str, birthday))])
