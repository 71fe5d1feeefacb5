"""Every version ever published."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from chassis.database import Tx


@dataclass(frozen=True, slots=True)
class Version:
    """A version: sections with their sentences in both languages."""

    version: int
    hash: bytes
    content: list[Any]
    published_at: datetime


async def latest(tx: Tx) -> Version | None:
    """The version in force."""
    row = await tx.fetchrow("SELECT * FROM rulebook_version ORDER BY version DESC LIMIT 1")
    return Version(**row) if row else None


async def find(tx: Tx, version: int) -> Version | None:
    """A version by its number."""
    row = await tx.fetchrow("SELECT * FROM rulebook_version WHERE version = $1", version)
    return Version(**row) if row else None


async def lock(tx: Tx) -> None:
    """One publication at a time."""
    await tx.execute("SELECT pg_advisory_xact_lock(hashtext('points:rulebook'))")


async def add(tx: Tx, version: Version) -> None:
    """Publish it."""
    await tx.execute(
        "INSERT INTO rulebook_version VALUES ($1, $2, $3, $4)",
        version.version, version.hash, version.content, version.published_at,
    )  # fmt: skip
