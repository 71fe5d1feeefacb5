"""Ladders are configuration; changes of tier are history."""

from collections import Counter
from collections.abc import Sequence
from uuid import UUID

from chassis.database import Tx
from chassis.problem import Problem
from points_service.tiers.definition import parse
from points_service.tiers.domain import Ladder, Step


async def ladder(tx: Tx, ladder_id: str) -> Ladder:
    """A ladder by its id; raises Problem 404."""
    row = await tx.fetchval("SELECT definition FROM tier_ladder WHERE ladder_id = $1", ladder_id)
    if row is None:
        raise Problem(404, "unknown_ladder", "There is no such tier ladder")
    return parse(ladder_id, row)


async def add_steps(tx: Tx, steps: Sequence[Step]) -> None:
    """Append to the history."""
    if steps:
        await tx.copy(
            "tier_change",
            ("member_id", "tier", "previous", "reason", "changed_at"),
            [(s.member_id, s.tier, s.previous, s.reason, s.changed_at) for s in steps],
        )


async def history(tx: Tx, members: Sequence[UUID], limit: int) -> list[Step]:
    """Latest changes of a member and those merged into it, newest first."""
    rows = await tx.fetch(
        "SELECT member_id, tier, previous, reason, changed_at FROM tier_change"
        " WHERE member_id = ANY ($1::uuid[]) ORDER BY changed_at DESC, change_id DESC LIMIT $2",
        list(members), limit,
    )  # fmt: skip
    return [Step(**row) for row in rows]


async def population(tx: Tx) -> Counter[str]:
    """Members by tier."""
    rows = await tx.fetch(
        "SELECT tier, count(*) AS members FROM member WHERE merged_into IS NULL GROUP BY tier"
    )
    return Counter({row["tier"]: row["members"] for row in rows})
