"""Entries, as they are chained and signed."""

from collections.abc import AsyncIterator, Sequence
from typing import Any

from chassis.database import Tx
from contracts.evidence.checkpoints import Lane
from points_service.proofs.chain import Link

_LINK = (
    "e.entry_id, e.lane, e.journal_id, j.occurred_at, j.posted_at, e.amount,"
    " j.kind AS journal_kind, j.ref, a.kind AS account_kind, a.owner, e.hash"
)


async def leaves(
    tx: Tx, after: Sequence[Lane], upto: Sequence[Lane]
) -> list[tuple[int, int, bytes]]:
    """(entry, lane, hash) between two ends of every lane, in the order of the entries."""
    rows = await tx.fetch(
        "SELECT e.entry_id, e.lane, e.hash"
        " FROM unnest($1::smallint[], $2::bigint[], $3::bigint[]) AS r (lane, after, upto)"
        " JOIN entry e ON e.lane = r.lane AND e.entry_id > r.after AND e.entry_id <= r.upto"
        " WHERE e.entry_id > $4 AND e.entry_id <= $5 ORDER BY e.entry_id",
        [each.lane for each in upto],
        [each.head for each in after],
        [each.head for each in upto],
        min(each.head for each in after),
        max(each.head for each in upto),
    )
    return [(row["entry_id"], row["lane"], row["hash"]) for row in rows]


async def entry(tx: Tx, entry_id: int) -> Link | None:
    """An entry with all that its hash covers."""
    row = await tx.fetchrow(
        f"SELECT {_LINK} FROM entry e JOIN journal j USING (journal_id)"
        " JOIN account a USING (account_id) WHERE e.entry_id = $1",
        entry_id,
    )
    return Link(**row) if row else None


async def everything(tx: Tx) -> AsyncIterator[tuple[int, Link | None]]:
    """(number, entry) of the whole ledger in order; None where its journal or account is gone."""
    cursor: Any = tx.conn.cursor(
        f"SELECT {_LINK} FROM entry e LEFT JOIN journal j USING (journal_id)"
        " LEFT JOIN account a USING (account_id) ORDER BY e.entry_id, e.account_id",
        prefetch=5000,
    )
    async for row in cursor:
        whole = row["ref"] is not None and row["owner"] is not None
        yield row["entry_id"], Link(**row) if whole else None


async def unbalanced(tx: Tx) -> list[tuple[str, str]]:
    """(what is wrong, where) that sums over the books show."""
    found = []
    for what, query in _SUMS.items():
        rows = await tx.fetch(query)
        found += [(what, str(row[0])) for row in rows]
    return found


_SUMS = {
    "a journal does not add up to 0": (
        "SELECT journal_id FROM entry GROUP BY journal_id HAVING sum(amount) <> 0"
    ),
    "a journal has no entries": (
        "SELECT journal_id FROM journal WHERE journal_id NOT IN (SELECT journal_id FROM entry)"
    ),
    "a balance is not the sum of its entries": (
        "SELECT a.kind || ' ' || a.owner FROM account a LEFT JOIN"
        " (SELECT account_id, sum(amount) AS amount FROM entry GROUP BY account_id) e"
        " USING (account_id) WHERE a.balance <> coalesce(e.amount, 0)"
    ),
}
