"""Quotes that were kept. Whoever uses one holds the member's lock."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from chassis.database import Tx, columns_of
from points_service.pricing.kept import Kept
from points_service.tables import Quote as QuoteTable

_NAMES = columns_of(QuoteTable)


@dataclass(frozen=True, slots=True)
class Buyer:
    """All that a price may know of a member."""

    member_id: UUID
    tier: str


async def buyers(tx: Tx, ids: Sequence[UUID]) -> dict[UUID, Buyer]:
    """The living members these ids stand for, without a lock."""
    rows = await tx.fetch(
        "SELECT a.member_id AS asked, m.member_id, m.tier FROM member a"
        " JOIN member m ON m.member_id = coalesce(a.merged_into, a.member_id)"
        " WHERE a.member_id = ANY ($1::uuid[])",
        ids,
    )
    return {row["asked"]: Buyer(row["member_id"], row["tier"]) for row in rows}


async def add(tx: Tx, kept: Sequence[Kept]) -> None:
    """Store new ones."""
    if kept:
        rows = [tuple(getattr(each, name) for name in _NAMES) for each in kept]
        await tx.copy("quote", _NAMES, rows)


async def lock(tx: Tx, quote_ids: Iterable[UUID]) -> dict[UUID, Kept]:
    """Those that exist, locked; the members are locked before."""
    rows = await tx.fetch(
        f"SELECT {', '.join(_NAMES)} FROM quote WHERE quote_id = ANY ($1::uuid[])"
        " ORDER BY quote_id FOR UPDATE",
        list(quote_ids),
    )
    return {row["quote_id"]: _kept(dict(row)) for row in rows}


async def use(tx: Tx, used: Sequence[tuple[UUID, str]]) -> None:
    """(quote, order that used it)."""
    if used:
        await tx.execute(
            "UPDATE quote SET order_no = u.order_no FROM unnest($1::uuid[], $2::text[])"
            " AS u (quote_id, order_no) WHERE quote.quote_id = u.quote_id",
            *zip(*used, strict=True),
        )


async def forget(tx: Tx, before: datetime) -> None:
    """Delete those that ended before a moment without an order."""
    await tx.execute("DELETE FROM quote WHERE order_no IS NULL AND valid_until < $1", before)


def _kept(row: dict[str, object]) -> Kept:
    lines, offs = row["lines"], row["coupons"]
    assert isinstance(lines, list) and isinstance(offs, list)
    row |= {"lines": [tuple(line) for line in lines], "coupons": [tuple(off) for off in offs]}
    return Kept(**row)  # type: ignore[arg-type]
