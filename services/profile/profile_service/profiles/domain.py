"""Cursors of the timeline. Pure."""

import base64
from dataclasses import dataclass
from datetime import datetime
from typing import Self

import msgspec


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page of the timeline ended: moment, kind of entry, and the entry's own key."""

    at: datetime
    kind: str
    key: str

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
class Entry:
    """A purchase or an activity on the timeline."""

    place: Place
    name: str
    channel: str | None
    order_no: str | None
    store_id: str | None
    lines: int | None
    paid_fen: int | None
    sku: str | None
