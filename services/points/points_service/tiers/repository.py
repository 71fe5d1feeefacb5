"""Ladders are configuration; changes of tier are history."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from chassis.database import Tx
from chassis.problem import Problem
from points_service.tiers.definition import dump, parse
from points_service.tiers.domain import Ladder, Step

_VERSION = "ladder_id, definition, version, valid_from, changed_by"


@dataclass(frozen=True, slots=True)
class Version:
    """A ladder as it was from then on; `valid_until` None: as it still is."""

    ladder: Ladder
    version: int
    valid_from: datetime
    changed_by: str
    valid_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Movement:
    """How many members moved in a month (its first day)."""

    month: date
    previous: str
    tier: str
    reason: str
    members: int


def unknown_ladder() -> Problem:
    """404."""
    return Problem(404, "unknown_ladder", "There is no such tier ladder")


async def ladder(tx: Tx, ladder_id: str) -> Ladder:
    """A ladder by its id; raises Problem 404."""
    stored = await tx.fetchval("SELECT definition FROM tier_ladder WHERE ladder_id = $1", ladder_id)
    if stored is None:
        raise unknown_ladder()
    return parse(ladder_id, stored)


async def current(tx: Tx, ladder_id: str | None = None) -> list[Version]:
    """What is in force: of one ladder, or of all by id."""
    rows = await tx.fetch(
        f"SELECT {_VERSION} FROM tier_ladder WHERE $1::text IS NULL OR ladder_id = $1"
        " ORDER BY ladder_id",
        ladder_id,
    )
    return [_version(row) for row in rows]


async def past(tx: Tx, ladder_id: str) -> list[Version]:
    """What was in force before, newest first."""
    rows = await tx.fetch(
        f"SELECT {_VERSION}, valid_until FROM tier_ladder_past WHERE ladder_id = $1"
        " ORDER BY version DESC",
        ladder_id,
    )
    return [_version(row) for row in rows]


async def replace(tx: Tx, new: Ladder, version: int, who: str) -> None:
    """Put a version in force, and keep the one before."""
    await tx.execute(
        f"INSERT INTO tier_ladder_past ({_VERSION}, valid_until)"
        f" SELECT {_VERSION}, $2 FROM tier_ladder WHERE ladder_id = $1",
        new.ladder_id, tx.now,
    )  # fmt: skip
    await tx.execute(
        f"INSERT INTO tier_ladder ({_VERSION}) VALUES ($1, $2, $3, $4, $5)"
        " ON CONFLICT (ladder_id) DO UPDATE SET definition = excluded.definition,"
        " version = excluded.version, valid_from = excluded.valid_from,"
        " changed_by = excluded.changed_by",
        new.ladder_id, dump(new), version, tx.now, who,
    )  # fmt: skip


def _version(row: Any) -> Version:
    told = dict(row)
    return Version(ladder=parse(told.pop("ladder_id"), told.pop("definition")), **told)


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


async def movements(tx: Tx, begin: datetime | None, end: datetime) -> list[Movement]:
    """Changes from `begin` until before `end`, by month of the programme's calendar."""
    rows = await tx.fetch(
        "SELECT date_trunc('month', changed_at AT TIME ZONE 'Asia/Shanghai')::date AS month,"
        " previous, tier, reason, count(*)::int AS members FROM tier_change"
        " WHERE ($1::timestamptz IS NULL OR changed_at >= $1) AND changed_at < $2"
        " GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4",
        begin, end,
    )  # fmt: skip
    return [Movement(**row) for row in rows]


async def population(tx: Tx) -> Counter[str]:
    """Members by tier."""
    rows = await tx.fetch(
        "SELECT tier, count(*) AS members FROM member WHERE merged_into IS NULL GROUP BY tier"
    )
    return Counter({row["tier"]: row["members"] for row in rows})
