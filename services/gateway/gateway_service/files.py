"""Files that only their owner may read."""

import os
import secrets
from pathlib import Path
from typing import Any

import msgspec


def read_private(path: Path) -> dict[str, Any]:
    """The JSON object in a file; empty if there is none."""
    if not path.exists():
        return {}
    content: dict[str, Any] = msgspec.json.decode(path.read_bytes())
    return content


def write_private(path: Path, content: object) -> None:
    """Write JSON with mode 0600 so that a reader sees the old file or the new one, never a half."""
    fresh = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(msgspec.json.format(msgspec.json.encode(content)))
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
