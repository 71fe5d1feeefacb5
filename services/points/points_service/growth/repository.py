"""Growth entries: appended, never changed."""

from collections.abc import Sequence
from uuid import UUID

from chassis.database import Tx
from points_service.growth.domain import GrowthEntry


async def add(tx: Tx, entries: Sequence[GrowthEntry]) -> None:
    """Append."""
    if entries:
        await tx.copy(
            "growth_entry",
            ("member_id", "kind", "amount", "ref", "occurred_at"),
            [(e.member_id, e.kind, e.amount, e.ref, e.occurred_at) for e in entries],
        )


async def by_kind(tx: Tx, members: Sequence[UUID] | None = None) -> dict[str, int]:
    """Growth by kind, of these members or of all."""
    rows = await tx.fetch(
        "SELECT kind, sum(amount)::bigint AS amount FROM growth_entry"
        " WHERE $1::uuid[] IS NULL OR member_id = ANY ($1::uuid[]) GROUP BY kind ORDER BY kind",
        members,
    )
    return {row["kind"]: row["amount"] for row in rows}
