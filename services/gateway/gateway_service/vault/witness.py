"""Who was erased, written down beside the database: restoring a backup brings nobody back.

A file of the key folder, one tombstone a line, only ever appended to. Each line is authenticated,
because reading it destroys keys.
"""

import hmac
import os
from collections.abc import Mapping
from pathlib import Path

import msgspec

from contracts.sealed import b64, unb64


class Witness:
    """`erased.jsonl` of one installation; lines of another one are passed over."""

    def __init__(self, path: Path, key: bytes) -> None:
        self._path, self._key = path, key
        self._known: dict[bytes, int] | None = None

    def keep(self, tombstones: Mapping[bytes, int]) -> None:
        """Append those that are not there yet; on disk when this returns."""
        known = self._known = self._known if self._known is not None else self.kept()
        lines = [
            msgspec.json.encode([b64(subject), generation, self._mac(subject, generation)])
            for subject, generation in tombstones.items()
            if known.get(subject, 0) < generation
        ]
        if not lines:
            return
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(self._path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
        with os.fdopen(descriptor, "ab") as file:
            # A crash may have left half a line: what begins on a new one is whole.
            file.write(b"\n" + b"\n".join(lines) + b"\n")
            file.flush()
            os.fsync(file.fileno())
        known.update(tombstones)

    def kept(self) -> dict[bytes, int]:
        """How often each subject was erased."""
        found: dict[bytes, int] = {}
        if not self._path.exists():
            return found
        for line in self._path.read_bytes().splitlines():
            try:
                text, generation, mac = msgspec.json.decode(line, type=tuple[str, int, str])
                subject = unb64(text)
            except (msgspec.DecodeError, ValueError):
                continue
            if hmac.compare_digest(mac, self._mac(subject, generation)):
                found[subject] = max(generation, found.get(subject, 0))
        return found

    def _mac(self, subject: bytes, generation: int) -> str:
        return b64(hmac.digest(self._key, b"%b|%d" % (subject, generation), "sha256")[:16])
