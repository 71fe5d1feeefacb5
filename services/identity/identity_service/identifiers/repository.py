"""Reading identifiers."""

from uuid import UUID

from chassis.database import Tx
from contracts.identity import Identifier


async def of_member(tx: Tx, member_id: UUID, limit: int, offset: int = 0) -> list[Identifier]:
    """A surviving member's identifiers, the oldest link first."""
    rows = await tx.fetch(
        "SELECT kind, value, linked_at, source FROM identifier WHERE member_id = $1"
        " ORDER BY linked_at, index LIMIT $2 OFFSET $3",
        member_id, limit, offset,
    )  # fmt: skip
    return [Identifier(**row) for row in rows]
