"""Entries of the timeline and their cursors. Pure."""

import base64
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Self

import msgspec

KINDS = (
    "activity", "benefit", "consent", "coupon", "growth", "identity", "message", "points",
    "purchase", "refund", "tier",
)  # fmt: skip
BEGIN, END = datetime(1, 1, 2, tzinfo=UTC), datetime(9999, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page of the timeline ended: moment, kind of entry, and the entry's own key."""

    at: datetime
    kind: str = ""
    key: str = ""

    def cursor(self) -> str:
        """As the API hands it out."""
        text = msgspec.json.encode((self.at, self.kind, self.key))
        return base64.urlsafe_b64encode(text).rstrip(b"=").decode()

    @classmethod
    def from_cursor(cls, cursor: str) -> Self:
        """Inverse of `cursor`. Raises ValueError."""
        padded = cursor + "=" * (-len(cursor) % 4)
        text = base64.b64decode(padded.encode(), altchars=b"-_", validate=True)
        at, kind, key = msgspec.json.decode(text, type=tuple[datetime, str, str])
        if at.tzinfo is None:
            raise ValueError("a time needs a zone")
        return cls(at, kind, key)


@dataclass(frozen=True, slots=True)
class Part:
    """Entries of these kinds from `since` on, and before a place."""

    kinds: Collection[str]
    since: datetime
    before: Place


@dataclass(frozen=True, slots=True)
class Entry:
    """What is shown. `goods` and `store` are names, where there are any."""

    at: datetime
    kind: str
    key: str
    name: str
    channel: str | None = None
    order_no: str | None = None
    store_id: str | None = None
    lines: int | None = None
    fen: int | None = None
    sku: str | None = None
    points: int | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)
    goods: str | None = None
    store: str | None = None
