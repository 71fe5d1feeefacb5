"""The chain of a lane: what `audit_append` (migration 0002) makes of an entry, in Python."""

import hashlib
import struct

AUDIT = "audit"  # what these books are called where they are signed
_place = struct.Struct(">hq").pack


def chained(previous: bytes, lane: int, number: int, body: str) -> bytes:
    """The hash of an entry after `previous`."""
    return hashlib.sha256(b"%b%b%b" % (previous, _place(lane, number), body.encode())).digest()
