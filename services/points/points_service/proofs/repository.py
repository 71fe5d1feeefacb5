"""Lanes, checkpoints and the entries under them."""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Any

from chassis.database import Tx
from points_service.proofs.chain import Link
from points_service.proofs.domain import Checkpoint, Lane

_COLUMNS = (
    "checkpoint_id", "at", "heads", "hashes", "entries", "root", "previous", "key_id", "signature",
)  # fmt: skip
_SELECT = ", ".join(_COLUMNS)
_LINK = (
    "e.entry_id, e.lane, e.journal_id, j.occurred_at, j.posted_at, e.amount,"
    " j.kind AS journal_kind, j.ref, a.kind AS account_kind, a.owner, e.hash"
)
_TURN = "SELECT pg_advisory_xact_lock(hashtext('points:checkpoint'))"


async def turn(tx: Tx) -> None:
    """One checkpoint at a time, whoever makes it."""
    await tx.execute(_TURN)


async def lanes(tx: Tx) -> tuple[Lane, ...]:
    """The end of every lane, at one moment."""
    rows = await tx.fetch("SELECT lane, head, hash FROM lane ORDER BY lane")
    return tuple(Lane(**row) for row in rows)


async def last(tx: Tx) -> Checkpoint | None:
    """The latest checkpoint."""
    row = await tx.fetchrow(f"SELECT {_SELECT} FROM checkpoint ORDER BY checkpoint_id DESC LIMIT 1")
    return _checkpoint(row) if row else None


async def latest_at(tx: Tx) -> datetime | None:
    """When the latest checkpoint was made."""
    at: datetime | None = await tx.fetchval(
        "SELECT at FROM checkpoint ORDER BY checkpoint_id DESC LIMIT 1"
    )
    return at


async def checkpoints(tx: Tx, after: int, limit: int) -> list[Checkpoint]:
    """Checkpoints with a higher number, oldest first."""
    rows = await tx.fetch(
        f"SELECT {_SELECT} FROM checkpoint WHERE checkpoint_id > $1"
        " ORDER BY checkpoint_id LIMIT $2",
        after, limit,
    )  # fmt: skip
    return [_checkpoint(row) for row in rows]


async def covering(tx: Tx, lane: int, entry_id: int) -> Checkpoint | None:
    """The checkpoint an entry of that lane is under; None before it is made."""
    row = await tx.fetchrow(
        f"SELECT {_SELECT} FROM checkpoint WHERE heads[$1 + 1] >= $2"
        " ORDER BY checkpoint_id LIMIT 1",
        lane, entry_id,
    )  # fmt: skip
    return _checkpoint(row) if row else None


async def before(tx: Tx, checkpoint_id: int) -> Checkpoint | None:
    """The checkpoint before this one; None for the first."""
    row = await tx.fetchrow(
        f"SELECT {_SELECT} FROM checkpoint WHERE checkpoint_id = $1", checkpoint_id - 1
    )
    return _checkpoint(row) if row else None


async def add(tx: Tx, checkpoint: Checkpoint) -> None:
    """Keep a checkpoint; its number is the next one."""
    await tx.execute(
        f"INSERT INTO checkpoint ({_SELECT}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        checkpoint.checkpoint_id, checkpoint.at,
        [each.head for each in checkpoint.lanes], [each.hash for each in checkpoint.lanes],
        checkpoint.entries, checkpoint.root, checkpoint.previous,
        checkpoint.key_id, checkpoint.signature,
    )  # fmt: skip


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


def _checkpoint(row: Any) -> Checkpoint:
    ends = zip(row["heads"], row["hashes"], strict=True)
    return Checkpoint(
        checkpoint_id=row["checkpoint_id"],
        at=row["at"],
        lanes=tuple(Lane(number, head, end) for number, (head, end) in enumerate(ends)),
        entries=row["entries"],
        root=row["root"],
        previous=row["previous"],
        key_id=row["key_id"],
        signature=row["signature"],
    )
