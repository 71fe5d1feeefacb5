"""Checkpoints: what is signed, as a statement and as JSON (bytes in hexadecimal, RFC 3339)."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

FIRST = b"\0" * 32  # what the first checkpoint follows


class Malformed(ValueError):
    """This is no receipt or checkpoint of ours."""


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
    `of` names the books: a checkpoint of one never passes for that of another.
    """

    of: str
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
            f"huiyuan {self.of} checkpoint v1",
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


def genesis(of: str, lane: int) -> bytes:
    """What a lane's first entry follows."""
    return hashlib.sha256(f"huiyuan {of} lane {lane}".encode()).digest()


def checkpoint_out(checkpoint: Checkpoint) -> dict[str, Any]:
    """A checkpoint's JSON."""
    return {
        "checkpoint_id": checkpoint.checkpoint_id,
        "at": checkpoint.at.isoformat(),
        "lanes": [
            {"lane": each.lane, "head": each.head, "hash": each.hash.hex()}
            for each in checkpoint.lanes
        ],
        "entries": checkpoint.entries,
        "root": checkpoint.root.hex(),
        "previous": checkpoint.previous.hex(),
        "key_id": checkpoint.key_id,
        "signature": checkpoint.signature.hex(),
    }


def told(made: Checkpoint) -> dict[str, Any]:
    """The fields of the event that tells of it."""
    return {
        "checkpoint_id": made.checkpoint_id,
        "at": made.at,
        "entries": made.entries,
        "root": made.root.hex(),
        "previous": made.previous.hex(),
        "signature": made.signature.hex(),
    }


def checkpoint_in(of: str, found: Mapping[str, Any]) -> Checkpoint:
    """The checkpoint of these books; raises Malformed."""
    try:
        return Checkpoint(
            of=of,
            checkpoint_id=int(found["checkpoint_id"]),
            at=datetime.fromisoformat(found["at"]),
            lanes=tuple(
                Lane(int(each["lane"]), int(each["head"]), bytes.fromhex(each["hash"]))
                for each in found["lanes"]
            ),
            entries=int(found["entries"]),
            root=bytes.fromhex(found["root"]),
            previous=bytes.fromhex(found["previous"]),
            key_id=str(found["key_id"]),
            signature=bytes.fromhex(found["signature"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise Malformed("this is no checkpoint of ours") from error
