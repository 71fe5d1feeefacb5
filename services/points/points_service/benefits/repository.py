"""The catalogue, uses and applications."""

from chassis.database import Tx
from points_service.benefits.domain import Benefit, parse


async def catalogue(tx: Tx) -> dict[str, Benefit]:
    """All benefits by id."""
    rows = await tx.fetch("SELECT benefit_id, definition FROM benefit ORDER BY benefit_id")
    return {row["benefit_id"]: parse(row["benefit_id"], row["definition"]) for row in rows}


async def lock_catalogue(tx: Tx) -> None:
    """Benefits and ladders depend on each other: one change at a time."""
    await tx.execute("SELECT pg_advisory_xact_lock(hashtext('points:benefits'))")
