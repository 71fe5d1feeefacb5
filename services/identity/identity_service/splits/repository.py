"""Families of merged members in the database. `merges.repository.hold` comes first."""

from uuid import UUID

from chassis.database import Tx
from identity_service.merges.domain import FILLABLE
from identity_service.splits.domain import Edge, Family, Row, Split


async def family(tx: Tx, merge_id: UUID) -> Family | None:
    """The live member a merge's ids answer as, with everybody merged into it; None: erased."""
    root: UUID | None = await tx.fetchval(
        "SELECT coalesce(m.merged_into, m.member_id) FROM merge"
        " JOIN member m ON m.member_id = merge.absorbed_id"
        " WHERE merge_id = $1 AND m.erased_at IS NULL",
        merge_id,
    )
    if root is None:
        return None
    rows = await tx.fetch(
        "SELECT * FROM member WHERE member_id = $1 OR merged_into = $1 FOR UPDATE", root
    )
    members = [row["member_id"] for row in rows]
    edges = await tx.fetch(
        "SELECT merge_id, survivor_id, absorbed_id FROM merge"
        " WHERE absorbed_id = ANY($1::uuid[]) AND undone_at IS NULL ORDER BY merged_at, seq",
        members,
    )
    owned = await tx.fetch(
        "SELECT index, original_member_id FROM identifier WHERE member_id = $1 ORDER BY index", root
    )
    return Family(
        root,
        {
            row["member_id"]: Row(
                {name: row[name] for name in FILLABLE},
                {name: UUID(origin) for name, origin in row["filled"].items()},
            )
            for row in rows
        },
        [Edge(**edge) for edge in edges],
        [(row["index"], row["original_member_id"]) for row in owned],
    )


async def save(tx: Tx, split: Split) -> None:
    """Cut the branch off; both sides are kept apart until staff merge them again."""
    await tx.execute("UPDATE merge SET undone_at = $2 WHERE merge_id = $1", split.merge_id, tx.now)
    await tx.execute(
        "UPDATE member SET merged_into = CASE WHEN member_id = $1 THEN NULL ELSE $1 END"
        " WHERE member_id = ANY($2::uuid[])",
        split.restored_id, [split.restored_id, *split.members],
    )  # fmt: skip
    await tx.execute(
        "UPDATE identifier SET member_id = $1 WHERE index = ANY($2::text[])",
        split.restored_id, list(split.identifiers),
    )  # fmt: skip
    await tx.executemany(
        "UPDATE member SET name = $2, gender = $3, birthday = $4, birth_year = $5,"
        " birth_month = $6, address = $7, city = $8, region = $9, filled = $10"
        " WHERE member_id = $1",
        [
            (
                member,
                *(row.attributes[name] for name in FILLABLE),
                {name: str(origin) for name, origin in row.filled.items()},
            )
            for member, row in split.rows.items()
        ],
    )
    await tx.execute(
        "INSERT INTO kept_apart (one, other, merge_id, since)"
        " SELECT survivor_id, absorbed_id, merge_id, $2 FROM merge WHERE merge_id = $1"
        " ON CONFLICT (one, other) DO NOTHING",
        split.merge_id, tx.now,
    )  # fmt: skip
