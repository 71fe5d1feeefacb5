"""Policies, the days that took their share, and how far announcing has come."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from chassis.database import Tx
from points_service.expiry.domain import Policies, Policy
from points_service.lots.domain import Depreciation

_POLICY = "policy_id, kind, active, figures"
# Lots that a depreciation of day $1 at moment $2 has to look at, also empty ones: points that come
# back to them later were away when it happened, and are looked at then.
_DUE = (
    "expired_at IS NULL AND expires_at > $2 AND earned_at < $2"
    " AND (depreciated_on IS NULL OR depreciated_on < $1)"
)


async def policies(tx: Tx) -> list[Policy]:
    """All there are, by id."""
    rows = await tx.fetch(f"SELECT {_POLICY} FROM expiry_policy ORDER BY policy_id")
    return [_policy(row) for row in rows]


async def lock_policies(tx: Tx) -> None:
    """Nobody else changes one until this transaction ends."""
    await tx.execute("LOCK TABLE expiry_policy IN SHARE ROW EXCLUSIVE MODE")


async def in_force(tx: Tx) -> Policies:
    """The rules of the active ones."""
    rows = await tx.fetch(f"SELECT {_POLICY} FROM expiry_policy WHERE active ORDER BY policy_id")
    return Policies(tuple(_policy(row).rule for row in rows))


async def keep(tx: Tx, policy: Policy) -> None:
    """Store a new or a changed one."""
    await tx.execute(
        f"INSERT INTO expiry_policy ({_POLICY}) VALUES ($1, $2, $3, $4)"
        " ON CONFLICT (policy_id) DO UPDATE SET kind = $2, active = $3, figures = $4",
        policy.policy_id, policy.kind, policy.active, policy.figures,
    )  # fmt: skip


async def begin_depreciation(
    tx: Tx, day: date, planned: Depreciation | None
) -> Depreciation | None:
    """What a day takes: as it began once, whatever the policies say by now; else as planned."""
    if planned:
        await tx.execute(
            "INSERT INTO depreciation (day, percent) VALUES ($1, $2) ON CONFLICT DO NOTHING",
            day, planned.percent,
        )  # fmt: skip
    percent = await tx.fetchval("SELECT percent FROM depreciation WHERE day = $1", day)
    return Depreciation(day, percent) if percent else None


async def members_to_depreciate(
    tx: Tx, day: date, at: datetime, after: UUID, limit: int
) -> list[UUID]:
    """Members, in order, with lots the day has not looked at; without a lock."""
    rows = await tx.fetch(
        f"SELECT DISTINCT member_id FROM lot WHERE member_id > $3 AND {_DUE}"
        " ORDER BY member_id LIMIT $4",
        day, at, after, limit,
    )  # fmt: skip
    return [row["member_id"] for row in rows]


async def depreciate(
    tx: Tx, day: Depreciation, at: datetime, members: Sequence[UUID]
) -> list[tuple[UUID, UUID, int]]:
    """Take the day's percentage out of these members' lots: (member, one of the lots, points)."""
    rows = await tx.fetch(
        "WITH due AS (SELECT lot_id, member_id, remaining * $3 / 100 AS taken FROM lot"
        f" WHERE member_id = ANY ($4::uuid[]) AND {_DUE}),"
        " cut AS (UPDATE lot SET remaining = remaining - taken, expired = expired + taken,"
        " depreciated_on = $1 FROM due WHERE lot.lot_id = due.lot_id)"
        " SELECT member_id, min(lot_id::text)::uuid AS lot_id, sum(taken)::bigint AS points"
        " FROM due WHERE taken > 0 GROUP BY member_id ORDER BY member_id",
        day.day, at, day.percent, list(members),
    )  # fmt: skip
    return [(row["member_id"], row["lot_id"], row["points"]) for row in rows]


async def told_to(tx: Tx, day: date, days_ahead: int) -> UUID | None:
    """Up to which member an announcement has come, locked; None once it is finished."""
    row = await tx.fetchrow(
        "INSERT INTO announcement (day, days_ahead, told_to, finished) VALUES ($1, $2, $3, false)"
        " ON CONFLICT (day, days_ahead) DO UPDATE SET told_to = announcement.told_to"
        " RETURNING told_to, finished",
        day, days_ahead, UUID(int=0),
    )  # fmt: skip
    return None if row["finished"] else row["told_to"]


async def tell_to(tx: Tx, day: date, days_ahead: int, last: UUID, *, finished: bool) -> None:
    """An announcement has come that far."""
    await tx.execute(
        "UPDATE announcement SET told_to = $3, finished = $4 WHERE day = $1 AND days_ahead = $2",
        day, days_ahead, last, finished,
    )  # fmt: skip


async def members_losing(
    tx: Tx, at: datetime, after: UUID, limit: int, *, some: bool
) -> list[UUID]:
    """Members, in order, with points whose date is that moment; `some`: or a later one."""
    rows = await tx.fetch(
        "SELECT DISTINCT member_id FROM lot WHERE member_id > $2 AND expired_at IS NULL"
        f" AND remaining > 0 AND expires_at {'>=' if some else '='} $1"
        " ORDER BY member_id LIMIT $3",
        at, after, limit,
    )  # fmt: skip
    return [row["member_id"] for row in rows]


def _policy(row: Any) -> Policy:
    return Policy(**row)
