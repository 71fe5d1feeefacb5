"""Rows of `event_schema`."""

from typing import Any

from chassis.database import Tx
from contracts.gateway.schemas import EventSchema

_COLUMNS = "event, version, document, declared_at, declared_by"


async def hold(tx: Tx) -> None:
    """One declaration after the other: versions have no gaps."""
    await tx.execute("SELECT pg_advisory_xact_lock(hashtext('gateway:event_schema'))")


async def newest(tx: Tx, event: str) -> EventSchema | None:
    """The version of an event that counts."""
    row = await tx.fetchrow(
        f"SELECT {_COLUMNS} FROM event_schema WHERE event = $1 ORDER BY version DESC LIMIT 1", event
    )
    return EventSchema(**row) if row else None


async def add(tx: Tx, schema: EventSchema) -> None:
    """A version; versions are never changed."""
    await tx.execute(
        f"INSERT INTO event_schema ({_COLUMNS}) VALUES ($1, $2, $3, $4, $5)",
        schema.event, schema.version, schema.document, schema.declared_at, schema.declared_by,
    )  # fmt: skip


async def page(tx: Tx, limit: int, event: str, version: int) -> list[EventSchema]:
    """By event, the newest version first, after the one of this event and version."""
    rows = await tx.fetch(
        f"SELECT {_COLUMNS} FROM event_schema WHERE event > $1 OR (event = $1 AND version < $2)"
        " ORDER BY event, version DESC LIMIT $3",
        event, version, limit,
    )  # fmt: skip
    return [EventSchema(**row) for row in rows]


async def counting(tx: Tx) -> list[tuple[str, int, dict[str, Any]]]:
    """Of each event the version that counts."""
    rows = await tx.fetch(
        "SELECT DISTINCT ON (event) event, version, document FROM event_schema"
        " ORDER BY event, version DESC"
    )
    return [(row["event"], row["version"], row["document"]) for row in rows]


async def how_many(tx: Tx) -> int:
    """Versions of all events: grows with each change."""
    return int(await tx.fetchval("SELECT count(*) FROM event_schema"))
