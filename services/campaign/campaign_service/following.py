"""Rows that name a member follow it through merges, and come back where a merge is taken back."""

from collections.abc import Sequence
from uuid import UUID

from chassis.database import Tx


async def follow(tx: Tx, tables: Sequence[str], absorbed: Sequence[UUID]) -> None:
    """Rows of absorbed ids are their survivors'."""
    for table in tables:
        await tx.execute(
            f"UPDATE {table} t SET member_id = a.survivor_id FROM member_alias a"
            " WHERE t.member_id = a.absorbed_id AND a.absorbed_id = ANY($1::uuid[])",
            list(absorbed),
        )


async def part(
    tx: Tx, tables: Sequence[str], root: UUID, restored: UUID, ids: Sequence[UUID]
) -> None:
    """Rows that were about one of `ids` before a merge are the restored member's again."""
    for table in tables:
        await tx.execute(
            f"UPDATE {table} SET member_id = $2 WHERE member_id = $1"
            " AND original_member_id = ANY($3::uuid[])",
            root, restored, list(ids),
        )  # fmt: skip
