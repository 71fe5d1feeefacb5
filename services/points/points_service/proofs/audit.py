"""`huiyuan ledger verify`: reads the whole ledger once and says everything that is not as booked.

Found is every edit, deletion, insertion and reordering of entries and of what their hashes cover,
and every truncation of what a checkpoint has signed: the witness still names its last entry. What
was booked after the last checkpoint is held by the chain, the lanes' ends and the balances.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from chassis.database import Tx
from points_service.proofs import merkle, repository
from points_service.proofs.chain import Link, chained
from points_service.proofs.domain import FIRST, Checkpoint, Lane
from points_service.proofs.receipts import Malformed
from points_service.proofs.use_cases import beginnings
from points_service.proofs.vault import Vault

MOST = 200  # findings that are listed


@dataclass(slots=True)
class Audit:
    """What was looked at, and what is wrong with it."""

    entries: int = 0
    checkpoints: int = 0
    findings: list[str] = field(default_factory=list)

    @property
    def clean(self) -> bool:
        """Whether nothing is wrong."""
        return not self.findings

    def wrong(self, finding: str) -> None:
        """Note it; the list is cut where it gets too long to read."""
        if len(self.findings) < MOST:
            self.findings.append(finding)


@dataclass(slots=True)
class _Walk:
    """The chain's state while entries go by; `at` is the checkpoint each lane has come to."""

    audit: Audit
    ends: dict[int, Lane]
    signed: list[Checkpoint]
    at: Counter[int] = field(default_factory=Counter)
    leaves: dict[int, list[bytes]] = field(default_factory=dict)
    signed_ends: dict[tuple[int, int], bytes | None] = field(default_factory=dict)


async def audit(
    tx: Tx, vault: Vault, progress: Callable[[int], None] = lambda entries: None
) -> Audit:
    """Look at everything. `tx` must see one moment (repeatable read) where others post."""
    found = Audit()
    lanes = await repository.lanes(tx)
    booked = await repository.checkpoints(tx, 0, 2**31 - 1)
    found.checkpoints = len(booked)
    walk = _Walk(
        found,
        {each.lane: each for each in beginnings(lanes)},
        signed := _checkpoints(found, booked, vault),
    )
    walk.signed_ends = {(end.lane, end.head): None for each in signed for end in each.lanes}
    async for entry_id, link in repository.everything(tx):
        found.entries += 1
        _step(walk, entry_id, link)
        if found.entries % 10_000 == 0:
            progress(found.entries)
    for end in lanes:
        if walk.ends[end.lane] != end:
            found.wrong(f"lane {end.lane} does not end where it says: entries are missing or new")
    for made in signed:
        _under(walk, made)
    for what, where in await repository.unbalanced(tx):
        found.wrong(f"{what}: {where}")
    return found


def _checkpoints(found: Audit, booked: Sequence[Checkpoint], vault: Vault) -> list[Checkpoint]:
    """The checkpoints to hold entries against: the witness's, which the database cannot edit."""
    try:
        kept = vault.kept()
    except Malformed:
        found.wrong("the witness was edited: it holds a line that is no checkpoint")
        kept = []
    if list(booked) != kept:
        found.wrong("the witness and the database name different checkpoints")
    key = vault.public_key()
    for name, chain in (("witness", kept), ("database", booked)):
        previous = FIRST
        for number, each in enumerate(chain, 1):
            if each.checkpoint_id != number or each.previous != previous:
                found.wrong(f"checkpoint {each.checkpoint_id} of the {name} does not follow")
            if not each.is_signed_by(key):
                found.wrong(f"checkpoint {each.checkpoint_id} of the {name} is not signed by us")
            previous = each.digest()
    return kept or list(booked)


def _step(walk: _Walk, entry_id: int, link: Link | None) -> None:
    if link is None:
        walk.audit.wrong(f"entry {entry_id}: its journal or its account is gone")
        return
    end = walk.ends.get(link.lane)
    if end is None:
        walk.audit.wrong(f"entry {entry_id}: there is no lane {link.lane}")
        return
    if link.entry_id <= end.head:
        walk.audit.wrong(f"entry {entry_id} is there twice")
    if chained(end.hash, link) != link.hash:
        walk.audit.wrong(f"entry {entry_id}: it, or what came before it, is not as it was booked")
    walk.ends[link.lane] = Lane(link.lane, link.entry_id, link.hash)
    if (link.lane, link.entry_id) in walk.signed_ends:
        walk.signed_ends[link.lane, link.entry_id] = link.hash
    place = walk.at[link.lane]
    while place < len(walk.signed) and walk.signed[place].lanes[link.lane].head < entry_id:
        place += 1
    walk.at[link.lane] = place
    if place < len(walk.signed):
        walk.leaves.setdefault(walk.signed[place].checkpoint_id, []).append(link.hash)


def _under(walk: _Walk, made: Checkpoint) -> None:
    leaves = walk.leaves.get(made.checkpoint_id, [])
    if len(leaves) != made.entries or merkle.root(leaves) != made.root:
        walk.audit.wrong(
            f"checkpoint {made.checkpoint_id}: signed {made.entries} entries, found {len(leaves)},"
            " or they are not the same"
        )
    for end in made.lanes:
        if end.head and walk.signed_ends[end.lane, end.head] != end.hash:
            walk.audit.wrong(
                f"checkpoint {made.checkpoint_id}: entry {end.head}, the end of lane {end.lane},"
                " is missing or changed"
            )
