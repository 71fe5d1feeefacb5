"""Recording what happened to members, and merging two of them on a colleague's word."""

from collections.abc import Sequence
from uuid import UUID

from chassis.database import Tx
from chassis.principal import Principal
from chassis.problem import Problem
from contracts import identity as api
from contracts.classification import TAILED, Kind
from contracts.events import IdentifierLinked, MembersMerged
from identity_service.birthdays import use_cases as birthdays
from identity_service.merges import repository
from identity_service.merges.domain import Kinship, Link, Merge, Reason


async def record(tx: Tx, kin: Kinship) -> None:
    """Save every step and tell it."""
    await repository.save(tx, kin)
    tell(tx, kin.steps)
    birthdays.tell(tx, kin.filled("birthday"))


def tell(tx: Tx, steps: Sequence[Link | Merge]) -> None:
    """One event a step: links in sequence, then merges in sequence.

    Whoever follows both comes to the same whichever kind it hears first. What is told kind by kind
    is handled kind by kind, in a statement for many instead of one for each.
    """
    for step in steps:
        if isinstance(step, Link):
            tx.publish(
                IdentifierLinked(
                    member_id=step.member_id,
                    kind=step.mark.kind,
                    index=step.mark.index,
                    linked_at=tx.now,
                    source=step.source,
                    value=step.mark.value if step.mark.kind in TAILED else None,
                )
            )
    for step in steps:
        if isinstance(step, Merge):
            tx.publish(
                MembersMerged(
                    merge_id=step.merge_id,
                    survivor_id=step.survivor_id,
                    absorbed_id=step.absorbed_id,
                    merged_at=step.merged_at,
                    evidence=step.reason.evidence,
                )
            )


async def merge(
    tx: Tx, principal: Principal, request: api.MergeRequest, *, dry_run: bool = False
) -> api.Merge:
    """Merge as asked: staff name the survivor. Either id may have been merged before.

    Raises Problem 422 `unknown_member`, 409 `already_merged`.
    """
    await repository.hold(tx)
    kin = await repository.load(tx, (), (request.survivor_id, request.absorbed_id))
    survivor = _known(kin, request.survivor_id, "/survivor_id")
    absorbed = _known(kin, request.absorbed_id, "/absorbed_id")
    if survivor == absorbed:
        raise Problem(
            409, "already_merged", "These ids are one member already", pointer="/absorbed_id"
        )
    reason = Reason(request.reason, "staff", principal.subject)
    done = kin.merge(survivor, absorbed, reason)
    if dry_run:
        return answer(done).model_copy(update={"merge_id": None, "merged_at": None})
    await record(tx, kin)
    return answer(done)


def _known(kin: Kinship, member_id: UUID, pointer: str) -> UUID:
    live = kin.live(member_id)
    if live is None:
        raise Problem(422, "unknown_member", "No member has this id", pointer=pointer)
    return live


async def read(tx: Tx, merge_id: UUID) -> api.Merge:
    """A merge. Raises Problem 404."""
    found = await repository.find(tx, merge_id)
    if found is None:
        raise unknown_merge()
    return answer(found)


def unknown_merge() -> Problem:
    """404: the path names no merge."""
    return Problem(404, "unknown_merge", "No merge has this id", pointer="#path/merge_id")


def answer(merge: Merge) -> api.Merge:
    """A merge as clients see it: kinds instead of indexes."""
    return api.Merge(
        merge_id=merge.merge_id,
        survivor_id=merge.survivor_id,
        absorbed_id=merge.absorbed_id,
        merged_at=merge.merged_at,
        source=merge.reason.source,
        evidence=merge.reason.evidence.partition(":")[0],
        actor=merge.reason.actor,
        identifiers=[Kind(index.partition(":")[0]) for index in merge.identifiers],
        members=list(merge.members),
        filled=list(merge.filled),
        undone_at=merge.undone_at,
    )
