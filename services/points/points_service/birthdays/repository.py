"""On which days members had, or will have, their birthday."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from chassis.database import Tx


async def add(tx: Tx, birthdays: Sequence[tuple[UUID, date]]) -> None:
    """The first day told of a year is that year's: whoever corrects it has no second one."""
    await tx.execute(
        "INSERT INTO member_birthday (member_id, year, day, given)"
        " SELECT DISTINCT ON (id, year) id, year, day, false"
        " FROM (SELECT id, extract(year FROM day)::int AS year, day"
        " FROM unnest($1::uuid[], $2::date[]) AS t (id, day)) AS told ORDER BY id, year, day"
        " ON CONFLICT (member_id, year) DO NOTHING",
        *zip(*birthdays, strict=True),
    )


async def due(tx: Tx, today: date, limit: int) -> list[tuple[UUID, date]]:
    """Members known here who have had nothing for a birthday; of the earliest such day."""
    rows = await tx.fetch(
        "WITH open AS (SELECT b.member_id, b.day FROM member_birthday b JOIN member USING"
        " (member_id) WHERE NOT b.given AND b.day <= $1)"
        " SELECT member_id, day FROM open WHERE day = (SELECT min(day) FROM open)"
        " ORDER BY member_id LIMIT $2",
        today, limit,
    )  # fmt: skip
    return [(row["member_id"], row["day"]) for row in rows]


async def given(tx: Tx, members: Sequence[UUID], year: int) -> None:
    """What the year's birthday brings has been given."""
    await tx.execute(
        "UPDATE member_birthday SET given = true WHERE member_id = ANY ($1::uuid[]) AND year = $2",
        members, year,
    )  # fmt: skip


async def forget(tx: Tx, before: date) -> None:
    """Days of earlier years: no late order asks about them."""
    await tx.execute(
        "DELETE FROM member_birthday WHERE given AND day < $1 AND year < $2", before, before.year
    )


async def move(tx: Tx, merges: Sequence[tuple[UUID, UUID]]) -> None:
    """(absorbed, survivor): still one a year, the survivor's own if there is one."""
    await tx.execute(
        "WITH gone AS (DELETE FROM member_birthday b"
        " USING unnest($1::uuid[], $2::uuid[]) AS p (absorbed, survivor)"
        " WHERE b.member_id = p.absorbed RETURNING p.survivor, b.year, b.day, b.given)"
        " INSERT INTO member_birthday (member_id, year, day, given)"
        " SELECT DISTINCT ON (survivor, year) * FROM gone ORDER BY survivor, year, day"
        " ON CONFLICT (member_id, year) DO NOTHING",
        [gone for gone, _ in merges],
        [kept for _, kept in merges],
    )
