"""The chain of a lane: each entry's hash covers its content and the hash of the one before it.

`canonical` is what `post` (migration 0012) hashes of an entry: numbers in network byte order, texts
after their length, times in microseconds since 2000-01-01 UTC.
"""

import hashlib
import struct
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_numbers = struct.Struct(">qh16sqqq").pack
_length = struct.Struct(">i").pack


@dataclass(frozen=True, slots=True)
class Link:
    """An entry with everything its hash covers, and the hash the books say it has."""

    entry_id: int
    lane: int
    journal_id: UUID
    occurred_at: datetime
    posted_at: datetime
    amount: int
    journal_kind: str
    ref: str
    account_kind: str
    owner: str
    hash: bytes


def canonical(link: Link) -> bytes:
    """The bytes of an entry that are hashed."""
    parts = [
        _numbers(
            link.entry_id,
            link.lane,
            link.journal_id.bytes,
            (link.occurred_at - _EPOCH) // _MICROSECOND,
            (link.posted_at - _EPOCH) // _MICROSECOND,
            link.amount,
        )
    ]
    for text in (link.journal_kind, link.ref, link.account_kind, link.owner):
        encoded = text.encode()
        parts += [_length(len(encoded)), encoded]
    return b"".join(parts)


def chained(previous: bytes, link: Link) -> bytes:
    """The hash the entry must have after `previous`."""
    return hashlib.sha256(previous + canonical(link)).digest()
