"""Events that were told one after another travel as one message: the stream syncs it once.

Only the relay packs and only consumers unpack. Each event keeps its own id, so that the inbox knows
each by itself, however they were packed when they came before.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from hashlib import blake2b
from typing import Any

import msgspec

HEADER = "Huiyuan-Pack"  # how many events a message has; none: it is one
MOST_BYTES = 1024 * 1024

Message = tuple[str, str, bytes, dict[str, str]]
_unpack = msgspec.json.Decoder(list[tuple[str, msgspec.Raw]]).decode


def packed(rows: Iterable[Mapping[str, Any]]) -> Iterator[Message]:
    """Messages for outbox rows: neighbours of one subject (and one trace) share one, in order."""
    together: list[Mapping[str, Any]] = []
    size = 0
    for row in rows:
        more = len(row["payload"])
        if together and (
            size + more > MOST_BYTES
            or any(row[name] != together[0][name] for name in ("subject", "headers"))
        ):
            yield _message(together)
            together, size = [], 0
        together.append(row)
        size += more
    if together:
        yield _message(together)


def _message(rows: Sequence[Mapping[str, Any]]) -> Message:
    subject, headers = rows[0]["subject"], rows[0]["headers"]
    ids = [str(row["message_id"]) for row in rows]
    if len(rows) == 1:
        return subject, ids[0], rows[0]["payload"], headers
    # The stream drops what it knows by this name, so another pack must have another name.
    name = blake2b("".join(ids).encode(), digest_size=16).hexdigest()
    events = [(one, msgspec.Raw(row["payload"])) for one, row in zip(ids, rows, strict=True)]
    return subject, name, msgspec.json.encode(events), {**headers, HEADER: str(len(rows))}


def events_in(headers: Mapping[str, str] | None) -> int:
    """How many events a message with these headers has."""
    return int((headers or {}).get(HEADER, 1))


def unpacked(payload: bytes) -> list[tuple[str, bytes]]:
    """Id and payload of each event. Raises msgspec.DecodeError."""
    return [(one, bytes(event)) for one, event in _unpack(payload)]
