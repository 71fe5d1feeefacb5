"""Warnings, and members who are not on their ladder."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from chassis.database import Tx


@dataclass(frozen=True, slots=True)
class Warned:
    """A member was told on `warned_on` to fall on `falls_on`."""

    member_id: UUID
    warned_on: date
    tier: str
    falls_to: str
    falls_on: date


async def add(tx: Tx, warnings: Sequence[Warned]) -> None:
    """Keep them; one that is kept already stays."""
    if warnings:
        await tx.execute(
            "INSERT INTO tier_warning (member_id, warned_on, tier, falls_to, falls_on)"
            " SELECT * FROM unnest($1::uuid[], $2::date[], $3::text[], $4::text[], $5::date[])"
            " ON CONFLICT DO NOTHING",
            *zip(
                *((w.member_id, w.warned_on, w.tier, w.falls_to, w.falls_on) for w in warnings),
                strict=True,
            ),
        )


async def of(tx: Tx, members: Sequence[UUID], limit: int) -> list[Warned]:
    """Warnings of a member and those merged into it, newest first."""
    rows = await tx.fetch(
        "SELECT member_id, warned_on, tier, falls_to, falls_on FROM tier_warning"
        " WHERE member_id = ANY ($1::uuid[]) ORDER BY warned_on DESC, member_id LIMIT $2",
        list(members), limit,
    )  # fmt: skip
    return [Warned(**row) for row in rows]


async def by_month(tx: Tx, begin: date | None, end: date) -> list[tuple[date, str, int]]:
    """(month, tier, members) warned from `begin` until before `end`."""
    rows = await tx.fetch(
        "SELECT date_trunc('month', warned_on)::date AS month, tier, count(*)::int AS members"
        " FROM tier_warning WHERE ($1::date IS NULL OR warned_on >= $1) AND warned_on < $2"
        " GROUP BY 1, 2 ORDER BY 1, 2",
        begin, end,
    )  # fmt: skip
    return [(row["month"], row["tier"], row["members"]) for row in rows]


async def strangers(tx: Tx, tiers: Sequence[str], after: UUID, limit: int) -> list[UUID]:
    """Living members whose tier is none of these, in order."""
    rows = await tx.fetch(
        "SELECT member_id FROM member WHERE merged_into IS NULL AND member_id > $2"
        " AND tier <> ALL ($1::text[]) ORDER BY member_id LIMIT $3",
        list(tiers), after, limit,
    )  # fmt: skip
    return [row["member_id"] for row in rows]
