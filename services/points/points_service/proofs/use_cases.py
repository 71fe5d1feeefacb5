"""Making checkpoints, giving receipts."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from chassis.database import Database, Tx
from chassis.problem import Problem
from contracts.points_events import LedgerCheckpointed
from points_service.members import repository as members
from points_service.members.use_cases import existing
from points_service.proofs import merkle, repository
from points_service.proofs.chain import genesis
from points_service.proofs.domain import FIRST, Checkpoint, Lane, Receipt, receipt
from points_service.proofs.vault import Vault

EVERY = timedelta(hours=1)
_ALL = 2**31 - 1


async def checkpoint_when_due(db: Database, vault: Vault, now: datetime) -> None:
    """A checkpoint if the latest is an hour old; a clock set back does not hold it up."""
    async with db.transaction(readonly=True) as tx:
        latest = await repository.latest_at(tx)
    if latest is None or not latest <= now < latest + EVERY:
        await checkpoint(db, vault)
    elif vault.behind:
        await witness(db, vault)


async def checkpoint(db: Database, vault: Vault) -> Checkpoint | None:
    """Sign all entries since the last checkpoint; answers the latest, None in an empty ledger.

    The row and its announcement commit first, the witness follows and catches up after a crash.
    """
    vault.behind = True
    async with db.transaction() as tx:
        await repository.turn(tx)
        latest = await repository.last(tx)
        made = await _next(tx, latest)
        if made is not None:
            key_id, signature = vault.sign(made)
            made = replace(made, key_id=key_id, signature=signature)
            await repository.add(tx, made)
            tx.publish(_told(made))
    await witness(db, vault)
    return made or latest


async def checkpoint_now(db: Database, vault: Vault) -> Checkpoint:
    """The same, asked for; raises Problem 409 where nothing was ever booked."""
    made = await checkpoint(db, vault)
    if made is None:
        raise Problem(409, "empty_ledger", "Nothing was booked yet")
    return made


async def witness(db: Database, vault: Vault) -> None:
    """Bring the witness up to date."""
    latest = vault.latest()
    async with db.transaction(readonly=True) as tx:
        missing = await repository.checkpoints(tx, latest, _ALL)
    vault.keep(missing)
    vault.behind = False


async def _next(tx: Tx, latest: Checkpoint | None) -> Checkpoint | None:
    ends = await repository.lanes(tx)
    after = latest.lanes if latest else beginnings(ends)
    found = await repository.leaves(tx, after, ends)
    if not found:
        return None
    return Checkpoint(
        checkpoint_id=latest.checkpoint_id + 1 if latest else 1,
        at=tx.now,
        lanes=ends,
        entries=len(found),
        root=merkle.root([leaf for _, _, leaf in found]),
        previous=latest.digest() if latest else FIRST,
    )


def beginnings(lanes: Sequence[Lane]) -> tuple[Lane, ...]:
    """Where lanes begin: what the first checkpoint covers comes after it."""
    return tuple(Lane(each.lane, 0, genesis(each.lane)) for each in lanes)


async def receipt_of(tx: Tx, entry_id: int, only: UUID | None = None) -> Receipt:
    """The proof that an entry is in the ledger.

    `only` limits it to entries of this member (else 404). Raises Problem 404 for an unknown entry
    and 409 for one that is not under a checkpoint yet.
    """
    found = await repository.entry(tx, entry_id)
    if found is None or (only is not None and found.owner not in await _owners(tx, only)):
        raise Problem(404, "unknown_entry", "There is no such entry")
    made = await repository.covering(tx, found.lane, entry_id)
    if made is None:
        raise Problem(
            409, "not_under_a_checkpoint", "Its checkpoint is made within the hour; ask again then"
        )
    earlier = await repository.before(tx, made.checkpoint_id)
    after = earlier.lanes if earlier else beginnings(made.lanes)
    leaves = await repository.leaves(tx, after, made.lanes)
    previous = after[found.lane].hash
    for number, lane, leaf in leaves:
        if lane == found.lane and number < entry_id:
            previous = leaf
    return receipt(found, previous, [leaf for _, _, leaf in leaves], made)


async def _owners(tx: Tx, member_id: UUID) -> set[str]:
    member = await existing(tx, member_id)
    return {str(each) for each in await members.everybody(tx, member.member_id)}


def _told(made: Checkpoint) -> LedgerCheckpointed:
    return LedgerCheckpointed(
        checkpoint_id=made.checkpoint_id,
        at=made.at,
        entries=made.entries,
        root=made.root.hex(),
        previous=made.previous.hex(),
        signature=made.signature.hex(),
    )
