"""Receipts: what anyone can check with the public key alone."""

from collections.abc import Sequence
from dataclasses import dataclass

from contracts.evidence import merkle
from contracts.evidence.checkpoints import Checkpoint
from points_service.proofs.chain import Link, chained

LEDGER = "ledger"  # what these books are called where they are signed


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
