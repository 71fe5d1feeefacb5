"""Verifying books: every entry in turn against its chain, every checkpoint against its entries.

Found is every edit, deletion, insertion and reordering of entries and of what their hashes cover,
and every truncation of what a checkpoint has signed: the witness still names its last entry. What
was added after the last checkpoint is held by the chain and the lanes' ends.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from chassis.database import Tx
from chassis.evidence import repository
from chassis.evidence.strongbox import Strongbox
from contracts.evidence import merkle
from contracts.evidence.checkpoints import FIRST, Checkpoint, Lane, Malformed

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


class Walk:
    """The chains' state while entries go by, each lane's in the order of its numbers.

    `step` and `gone` take the entries, `finish` ends it. Leaves are proved in the order of steps.
    """

    def __init__(
        self, of: str, lanes: Sequence[Lane], booked: Sequence[Checkpoint], box: Strongbox
    ) -> None:
        self.audit = Audit(checkpoints=len(booked))
        self._lanes = lanes
        self._ends = {each.lane: each for each in repository.beginnings(of, lanes)}
        self._signed = self._checkpoints(booked, box)
        self._at: Counter[int] = Counter()  # the checkpoint each lane has come to
        self._leaves: dict[int, list[bytes]] = {}
        self._signed_ends: dict[tuple[int, int], bytes | None] = {
            (end.lane, end.head): None for each in self._signed for end in each.lanes
        }

    @classmethod
    async def begin(cls, tx: Tx, box: Strongbox) -> "Walk":
        """The walk through the books of `tx`, which must see one moment where others write."""
        booked = await repository.checkpoints(tx, box.of, 0, 2**31 - 1)
        return cls(box.of, await repository.lanes(tx), booked, box)

    def previous(self, lane: int) -> bytes | None:
        """The hash that the lane's next entry follows; None where there is no such lane."""
        end = self._ends.get(lane)
        return end.hash if end else None

    def step(self, lane: int, number: int, found: bytes, due: bytes | None) -> None:
        """An entry: the hash it has and the one it must have after `previous(lane)`."""
        self.audit.entries += 1
        end = self._ends.get(lane)
        if end is None:
            self.audit.wrong(f"entry {number}: there is no lane {lane}")
            return
        if number <= end.head:
            self.audit.wrong(f"entry {number} is there twice")
        if due != found:
            self.audit.wrong(
                f"entry {number}: it, or what came before it, is not as it was written"
            )
        self._ends[lane] = Lane(lane, number, found)
        if (lane, number) in self._signed_ends:
            self._signed_ends[lane, number] = found
        place = self._at[lane]
        while place < len(self._signed) and self._signed[place].lanes[lane].head < number:
            place += 1
        self._at[lane] = place
        if place < len(self._signed):
            self._leaves.setdefault(self._signed[place].checkpoint_id, []).append(found)

    def gone(self, number: int, what: str) -> None:
        """An entry that cannot be looked at, because of what is missing."""
        self.audit.entries += 1
        self.audit.wrong(f"entry {number}: {what} is gone")

    def finish(self) -> Audit:
        """What was found."""
        for end in self._lanes:
            if self._ends[end.lane] != end:
                self.audit.wrong(
                    f"lane {end.lane} does not end where it says: entries are missing or new"
                )
        for made in self._signed:
            self._under(made)
        return self.audit

    def _checkpoints(self, booked: Sequence[Checkpoint], box: Strongbox) -> list[Checkpoint]:
        """The checkpoints to hold entries against: the witness's, which no database can edit."""
        try:
            kept = box.kept()
        except Malformed:
            self.audit.wrong("the witness was edited: it holds a line that is no checkpoint")
            kept = []
        if list(booked) != kept:
            self.audit.wrong("the witness and the database name different checkpoints")
        key = box.public_key()
        for name, chain in (("witness", kept), ("database", booked)):
            previous = FIRST
            for number, each in enumerate(chain, 1):
                if each.checkpoint_id != number or each.previous != previous:
                    self.audit.wrong(
                        f"checkpoint {each.checkpoint_id} of the {name} does not follow"
                    )
                if not each.is_signed_by(key):
                    self.audit.wrong(
                        f"checkpoint {each.checkpoint_id} of the {name} is not signed by us"
                    )
                previous = each.digest()
        return kept or list(booked)

    def _under(self, made: Checkpoint) -> None:
        leaves = self._leaves.get(made.checkpoint_id, [])
        if len(leaves) != made.entries or merkle.root(leaves) != made.root:
            self.audit.wrong(
                f"checkpoint {made.checkpoint_id}: signed {made.entries} entries, found"
                f" {len(leaves)}, or they are not the same"
            )
        for end in made.lanes:
            if end.head and self._signed_ends[end.lane, end.head] != end.hash:
                self.audit.wrong(
                    f"checkpoint {made.checkpoint_id}: entry {end.head}, the end of lane"
                    f" {end.lane}, is missing or changed"
                )
