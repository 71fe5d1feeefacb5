"""What reports read: liability and statements. Nothing here changes anything."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from chassis.database import Tx
from points_service.overview.domain import Ended, Outstanding

# The merchant whose points a lot's are: its journal's, or that of the lot it was passed on from.
_ISSUERS = (
    "WITH RECURSIVE passed (lot_id, origin) AS ("
    " SELECT lot_id, moved_from FROM lot WHERE moved_from IS NOT NULL AND remaining > 0"
    " UNION ALL SELECT p.lot_id, l.moved_from FROM passed p JOIN lot l ON l.lot_id = p.origin"
    " WHERE l.moved_from IS NOT NULL),"
    " origin AS (SELECT p.lot_id, p.origin FROM passed p JOIN lot l ON l.lot_id = p.origin"
    " WHERE l.moved_from IS NULL),"
    " issued AS (SELECT e.journal_id, min(a.owner) AS issuer FROM entry e"
    " JOIN account a USING (account_id) WHERE a.kind IN ('issuing', 'partner') AND e.amount < 0"
    " GROUP BY e.journal_id)"
)


@dataclass(frozen=True, slots=True)
class Moved:
    """An entry of a member's account."""

    entry_id: int
    occurred_at: datetime
    posted_at: datetime
    kind: str
    account: str
    ref: str
    amount: int


async def outstanding(tx: Tx, now: datetime, bands: Sequence[int]) -> list[Outstanding]:
    """Live points by issuer and age band: band n holds ages up to `bands[n]` days, the last all."""
    rows = await tx.fetch(
        f"{_ISSUERS} SELECT coalesce(i.issuer, 'programme') AS issuer,"
        " width_bucket(extract(epoch FROM $1 - l.earned_at) / 86400, $2::float8[]) AS band,"
        " sum(l.remaining)::bigint AS points FROM lot l LEFT JOIN origin o USING (lot_id)"
        " LEFT JOIN issued i ON i.journal_id = coalesce(o.origin, l.lot_id)"
        " WHERE l.remaining > 0 AND l.expired_at IS NULL AND l.expires_at > $1"
        " GROUP BY 1, 2 ORDER BY 1, 2",
        now, [float(band) for band in bands],
    )  # fmt: skip
    return [Outstanding(**row) for row in rows]


async def ended(tx: Tx, now: datetime, bands: Sequence[int]) -> list[Ended]:
    """Of lots whose time is over: points still there when they came into a band, and expired."""
    rows = await tx.fetch(
        "SELECT b.band, coalesce(sum(l.points - coalesce(u.used, 0)), 0)::bigint AS points,"
        " coalesce(sum(l.expired), 0)::bigint AS expired"
        " FROM unnest($2::int[]) WITH ORDINALITY AS b (age, band)"
        " CROSS JOIN lot l LEFT JOIN LATERAL ("
        "  SELECT sum(x.points - x.restored) AS used FROM lot_use x JOIN journal j"
        "  USING (journal_id) WHERE x.lot_id = l.lot_id AND j.kind <> 'expire'"
        "  AND j.occurred_at < l.earned_at + make_interval(days => b.age)) u ON true"
        " WHERE l.expires_at <= $1 AND l.expires_at > l.earned_at + make_interval(days => b.age)"
        " GROUP BY b.band ORDER BY b.band",
        now, [0, *bands],
    )  # fmt: skip
    return [Ended(row["band"] - 1, row["points"], row["expired"]) for row in rows]


async def held(tx: Tx) -> int:
    """Points set aside by open holds."""
    points: int = await tx.fetchval(
        "SELECT coalesce(sum(balance), 0)::bigint FROM account WHERE kind = 'held'"
    )
    return points


async def opening(tx: Tx, owners: Sequence[UUID], start: datetime) -> int:
    """What these members had, held and (negative) owed before a moment, in all."""
    points: int = await tx.fetchval(
        "SELECT coalesce(sum(e.amount), 0)::bigint FROM account a JOIN entry e USING (account_id)"
        " JOIN journal j USING (journal_id) WHERE a.kind IN ('member', 'held', 'debt')"
        " AND a.owner = ANY ($1::text[]) AND j.posted_at < $2",
        [str(owner) for owner in owners], start,
    )  # fmt: skip
    return points


async def moved(
    tx: Tx, owners: Sequence[UUID], start: datetime, end: datetime, limit: int
) -> list[Moved]:
    """Entries posted in a period, oldest first."""
    rows = await tx.fetch(
        "SELECT e.entry_id, j.occurred_at, j.posted_at, j.kind, a.kind AS account, j.ref, e.amount"
        " FROM account a JOIN entry e USING (account_id) JOIN journal j USING (journal_id)"
        " WHERE a.kind IN ('member', 'held', 'debt') AND a.owner = ANY ($1::text[])"
        " AND j.posted_at >= $2 AND j.posted_at < $3 ORDER BY j.posted_at, e.entry_id LIMIT $4",
        [str(owner) for owner in owners], start, end, limit,
    )  # fmt: skip
    return [Moved(**row) for row in rows]


async def depreciated(tx: Tx) -> int:
    """Points that went by yearly depreciation."""
    points: int = await tx.fetchval(
        "SELECT coalesce(sum(e.amount), 0)::bigint FROM journal j JOIN entry e USING (journal_id)"
        " WHERE j.kind = 'expire' AND j.ref LIKE 'depreciation/%' AND e.amount > 0"
    )
    return points


async def earned(tx: Tx, order_nos: Collection[str]) -> dict[str, Any]:
    """What rules gave of these orders, as kept."""
    rows = await tx.fetch(
        "SELECT order_no, earned FROM orders WHERE order_no = ANY ($1::text[])", list(order_nos)
    )
    return {row["order_no"]: row["earned"] for row in rows}
