"""Folding the ledger by month, and the statements of closed months."""

from collections.abc import Sequence
from datetime import date, datetime

from chassis.database import Tx
from points_service.calendar import ZONE, months_later, start_of
from points_service.settlements.domain import KINDS, OF_MEMBERS, PROGRAMME, Sums

_SUMS = "month, kind, owner, debit, credit"


async def fold(tx: Tx, since: date | None, month: date) -> list[Sums]:
    """What every account moved, by the month of posting, from `since` to the end of `month`."""
    rows = await tx.fetch(
        "SELECT date_trunc('month', j.posted_at AT TIME ZONE $1)::date AS month, a.kind,"
        " CASE WHEN a.kind = ANY ($3::text[]) THEN $4 ELSE a.owner END AS owner,"
        " coalesce(sum(-e.amount) FILTER (WHERE e.amount < 0), 0)::bigint AS debit,"
        " coalesce(sum(e.amount) FILTER (WHERE e.amount > 0), 0)::bigint AS credit"
        " FROM entry e JOIN journal j USING (journal_id) JOIN account a USING (account_id)"
        " WHERE a.kind = ANY ($2::text[]) AND j.posted_at >= $5 AND j.posted_at < $6"
        " GROUP BY 1, 2, 3 ORDER BY 1, 2, 3",
        ZONE.key, list(KINDS), list(OF_MEMBERS), PROGRAMME,
        start_of(since or date(1, 1, 2)), start_of(months_later(month, 1)),
    )  # fmt: skip
    return [Sums(**row) for row in rows]


async def closed(tx: Tx, month: date) -> tuple[datetime, int] | None:
    """When a month was closed and at which rate, or None."""
    row = await tx.fetchrow(
        "SELECT closed_at, points_per_yuan FROM settlement WHERE month = $1", month
    )
    return (row["closed_at"], row["points_per_yuan"]) if row else None


async def last_closed(tx: Tx) -> date | None:
    """The latest month that is closed."""
    found: date | None = await tx.fetchval("SELECT max(month) FROM settlement")
    return found


async def first_posted(tx: Tx) -> datetime | None:
    """When the books begin."""
    found: datetime | None = await tx.fetchval("SELECT min(posted_at) FROM journal")
    return found


async def written(tx: Tx, month: date | None = None) -> list[Sums]:
    """The statement of a closed month, or of all of them."""
    rows = await tx.fetch(
        f"SELECT {_SUMS} FROM settlement_line WHERE $1::date IS NULL OR month = $1"
        " ORDER BY month, kind, owner",
        month,
    )
    return [Sums(**row) for row in rows]


async def lock(tx: Tx) -> None:
    """One closing at a time."""
    await tx.execute("SELECT pg_advisory_xact_lock(hashtext('points:settlements'))")


async def close(tx: Tx, month: date, points_per_yuan: int, sums: Sequence[Sums]) -> None:
    """Write a month's statement."""
    await tx.execute("INSERT INTO settlement VALUES ($1, $2, $3)", month, tx.now, points_per_yuan)
    await tx.copy(
        "settlement_line",
        Sums.__slots__,
        [[getattr(each, name) for name in Sums.__slots__] for each in sums],
    )
