"""Where ids come from: ordered UUIDv7 for rows, derived ones where a retry must get the same."""

import hashlib
import hmac
import secrets
from uuid import UUID

from chassis.clock import Clock


class Ids:
    """`new()` orders by time (UUIDv7, RFC 9562); `derive()` is a function of its parts (UUIDv8)."""

    def __init__(self, clock: Clock, seed: str = "") -> None:
        self._clock = clock
        self._key = seed.encode() or b"huiyuan"

    def new(self) -> UUID:
        """A fresh UUIDv7."""
        millis = int(self._clock.now().timestamp() * 1000)
        value = (millis & (1 << 48) - 1) << 80 | secrets.randbits(80)
        return _stamp(value, version=7)

    def derive(self, *parts: str) -> UUID:
        """The same parts give the same id, in this installation or under this seed."""
        digest = hmac.digest(self._key, "\x1f".join(parts).encode(), hashlib.sha256)
        return _stamp(int.from_bytes(digest[:16], "big"), version=8)


def _stamp(value: int, version: int) -> UUID:
    value = value & ~(0xF << 76) | version << 76
    return UUID(int=value & ~(0x3 << 62) | 0x2 << 62)
