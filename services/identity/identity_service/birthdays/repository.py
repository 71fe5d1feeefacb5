"""Birthdays that were there before anybody was told."""

from chassis.database import Tx
from contracts.events import KnownBirthday


async def take_untold(tx: Tx, limit: int) -> tuple[int, list[KnownBirthday]]:
    """How many are off the list, and those of them who are still members of their own."""
    rows = await tx.fetch(
        "WITH taken AS (DELETE FROM birthday_untold WHERE member_id IN"
        " (SELECT member_id FROM birthday_untold ORDER BY member_id LIMIT $1 FOR UPDATE"
        " SKIP LOCKED) RETURNING member_id)"
        " SELECT member_id, merged_into, birthday FROM taken JOIN member USING (member_id)",
        limit,
    )
    found = [
        KnownBirthday(row["member_id"], row["birthday"])
        for row in rows
        if row["birthday"] and row["merged_into"] is None
    ]
    return len(rows), found
