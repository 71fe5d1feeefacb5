"""Checkpoints and receipts: what is signed, and what anyone can check with the public key alone."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from points_service.proofs import merkle
from points_service.proofs.chain import Link, chained

FIRST = b"\0" * 32  # what the first checkpoint follows


@dataclass(frozen=True, slots=True)
class Lane:
    """The end of a lane: its last entry and that one's hash."""

    lane: int
    head: int
    hash: bytes


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The Merkle root over `entries` entries, those after the heads of the checkpoint before.

    `previous` is the digest of the checkpoint before, so that checkpoints are a chain, too.
    """

    checkpoint_id: int
    at: datetime
    lanes: tuple[Lane, ...]
    entries: int
    root: bytes
    previous: bytes
    key_id: str = ""
    signature: bytes = b""

    def statement(self) -> bytes:
        """What is signed."""
        lines = [
            "huiyuan ledger checkpoint v1",
            str(self.checkpoint_id),
            self.at.astimezone(UTC).isoformat(timespec="microseconds"),
            *(f"{each.lane} {each.head} {each.hash.hex()}" for each in self.lanes),
            str(self.entries),
            self.root.hex(),
            self.previous.hex(),
        ]
        return "\n".join(lines).encode()

    def digest(self) -> bytes:
        """What the next checkpoint follows."""
        return hashlib.sha256(self.statement()).digest()

    def is_signed_by(self, key: bytes) -> bool:
        """Whether the signature is that of this raw Ed25519 public key."""
        try:
            Ed25519PublicKey.from_public_bytes(key).verify(self.signature, self.statement())
        except (InvalidSignature, ValueError):
            return False
        return True


@dataclass(frozen=True, slots=True)
class Receipt:
    """That an entry is in the ledger: the entry, its way to a checkpoint's root, the signature."""

    entry: Link
    previous: bytes
    index: int
    path: tuple[bytes, ...]
    checkpoint: Checkpoint


def receipt(
    entry: Link, previous: bytes, leaves: Sequence[bytes], checkpoint: Checkpoint
) -> Receipt:
    """`leaves` are the hashes of the checkpoint's entries, in the order of their numbers."""
    index = leaves.index(entry.hash)
    return Receipt(entry, previous, index, tuple(merkle.path(leaves, index)), checkpoint)


def objections(found: Receipt, key: bytes) -> list[str]:
    """What is wrong with a receipt, in words; empty where it proves what it says."""
    wrong = []
    if chained(found.previous, found.entry) != found.entry.hash:
        wrong.append("the entry was changed: its content does not give its hash")
    reached = merkle.climb(found.entry.hash, found.index, found.checkpoint.entries, found.path)
    if reached != found.checkpoint.root:
        wrong.append("the entry is not under the checkpoint's root")
    if not found.checkpoint.is_signed_by(key):
        wrong.append("the checkpoint was not signed with this key")
    return wrong
