"""Reading identifiers, and what changed of who owns them."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from chassis.database import Tx
from contracts.identity import Identifier

MOST_CHANGES = 1_000  # statements; whoever is further behind forgets everything


@dataclass(frozen=True, slots=True)
class Changes:
    """What changed until `seq`: these indexes and ids; None: perhaps everything."""

    seq: int
    keys: Sequence[str] | None


async def of_member(tx: Tx, member_id: UUID, limit: int, offset: int = 0) -> list[Identifier]:
    """A surviving member's identifiers, the oldest link first."""
    rows = await tx.fetch(
        "SELECT kind, value, linked_at, source FROM identifier WHERE member_id = $1"
        " ORDER BY linked_at, index LIMIT $2 OFFSET $3",
        member_id, limit, offset,
    )  # fmt: skip
    return [Identifier(**row) for row in rows]


async def changes_since(tx: Tx, seen: int | None) -> Changes:
    """What changed after the row that was seen last; everything, if that row is not there."""
    rows = [] if seen is None else await tx.fetch(
        "SELECT seq, CASE WHEN seq > $1 THEN keys END AS keys FROM ownership_change"
        " WHERE seq >= $1 ORDER BY seq LIMIT $2",
        seen, MOST_CHANGES,
    )  # fmt: skip
    later = rows[1:]
    if not rows or rows[0]["seq"] != seen or len(rows) == MOST_CHANGES:
        last = await tx.fetchval("SELECT max(seq) FROM ownership_change")
        return Changes(last, None)
    if any(row["keys"] is None for row in later):
        return Changes(rows[-1]["seq"], None)
    return Changes(rows[-1]["seq"], [key for row in later for key in row["keys"]])


async def forget_changes(tx: Tx) -> None:
    """All but the last ones."""
    await tx.execute(
        "DELETE FROM ownership_change WHERE seq <= (SELECT max(seq) FROM ownership_change) - $1",
        MOST_CHANGES,
    )
