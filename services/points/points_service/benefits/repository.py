"""The catalogue, and uses of benefits. Callers hold the member's lock to count and add uses."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from chassis.database import Tx, columns_of
from points_service.benefits.applications import Bought
from points_service.benefits.domain import Benefit, dump, parse
from points_service.tables import BenefitUse as UseTable

_USE = columns_of(UseTable)


@dataclass(frozen=True, slots=True)
class Stored:
    """A benefit, and which version of it this is."""

    benefit: Benefit
    version: int
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class Use:
    """A use in a period (its first day)."""

    use_id: UUID
    member_id: UUID
    benefit_id: str
    period: date
    used_at: datetime
    channel: str | None = None
    store: str | None = None
    given_back_at: datetime | None = None


async def lock_catalogue(tx: Tx) -> None:
    """Benefits and ladders depend on each other: one change at a time."""
    await tx.execute("SELECT pg_advisory_xact_lock(hashtext('points:benefits'))")


async def catalogue(tx: Tx) -> dict[str, Benefit]:
    """All benefits by id."""
    return {each.benefit.benefit_id: each.benefit for each in await stored(tx)}


async def stored(tx: Tx, benefit_id: str | None = None) -> list[Stored]:
    """One benefit, or all by id."""
    rows = await tx.fetch(
        "SELECT benefit_id, definition, version, changed_at FROM benefit"
        " WHERE $1::text IS NULL OR benefit_id = $1 ORDER BY benefit_id",
        benefit_id,
    )
    return [
        Stored(parse(row["benefit_id"], row["definition"]), row["version"], row["changed_at"])
        for row in rows
    ]


async def put(tx: Tx, benefit: Benefit, who: str) -> None:
    """Store a benefit, new or changed."""
    await tx.execute(
        "INSERT INTO benefit (benefit_id, definition, version, changed_at, changed_by)"
        " VALUES ($1, $2, 1, $3, $4) ON CONFLICT (benefit_id) DO UPDATE SET"
        " definition = excluded.definition, version = benefit.version + 1,"
        " changed_at = excluded.changed_at, changed_by = excluded.changed_by",
        benefit.benefit_id, dump(benefit), tx.now, who,
    )  # fmt: skip


async def used(
    tx: Tx, members: Collection[UUID], periods: Collection[date]
) -> dict[tuple[UUID, str, date], int]:
    """Uses that count, by member, benefit and period."""
    rows = await tx.fetch(
        "SELECT member_id, benefit_id, period, count(*)::int AS uses FROM benefit_use"
        " WHERE member_id = ANY ($1::uuid[]) AND period = ANY ($2::date[])"
        " AND given_back_at IS NULL GROUP BY 1, 2, 3",
        list(members), list(periods),
    )  # fmt: skip
    return {(row["member_id"], row["benefit_id"], row["period"]): row["uses"] for row in rows}


async def add_uses(tx: Tx, uses: Sequence[Use]) -> None:
    """Count uses; one that is counted already is not again."""
    await tx.executemany(
        f"INSERT INTO benefit_use ({', '.join(_USE)}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)"
        " ON CONFLICT DO NOTHING",
        [tuple(getattr(use, name) for name in _USE) for use in uses],
    )


async def give_back(tx: Tx, use_id: UUID) -> None:
    """A use counts no more."""
    await tx.execute(
        "UPDATE benefit_use SET given_back_at = $2 WHERE use_id = $1 AND given_back_at IS NULL",
        use_id, tx.now,
    )  # fmt: skip


async def channels_bought_in(tx: Tx, members: Sequence[UUID], since: datetime) -> set[str]:
    """Channels in which these members have bought since then, and kept something of it."""
    rows = await tx.fetch(
        "SELECT DISTINCT o.channel FROM growth_entry g JOIN orders o ON o.order_no = g.ref"
        " WHERE g.member_id = ANY ($1::uuid[]) AND g.kind = 'spend' AND g.occurred_at >= $2"
        " AND o.refunded_fen < o.paid_fen",
        list(members), since,
    )  # fmt: skip
    return {row["channel"] for row in rows}


async def bought(tx: Tx, order_no: str, members: Collection[UUID]) -> Bought | None:
    """An order, as seen by these members."""
    row = await tx.fetchrow(
        "SELECT member_id, paid_fen - refunded_fen AS fen FROM orders WHERE order_no = $1", order_no
    )
    return Bought(row["member_id"] in members, row["fen"]) if row else None
