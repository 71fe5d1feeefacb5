"""The tables `lane` and `checkpoint` of a service with books."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from chassis.database import Tx
from contracts.evidence.checkpoints import Checkpoint, Lane, genesis

_SELECT = "checkpoint_id, at, heads, hashes, entries, root, previous, key_id, signature"


async def turn(tx: Tx, of: str) -> None:
    """One checkpoint at a time, whoever makes it."""
    await tx.execute("SELECT pg_advisory_xact_lock(hashtext($1))", f"{of}:checkpoint")


async def lanes(tx: Tx) -> tuple[Lane, ...]:
    """The end of every lane, at one moment."""
    rows = await tx.fetch("SELECT lane, head, hash FROM lane ORDER BY lane")
    return tuple(Lane(**row) for row in rows)


def beginnings(of: str, ends: Sequence[Lane]) -> tuple[Lane, ...]:
    """Where lanes begin: what the first checkpoint covers comes after it."""
    return tuple(Lane(each.lane, 0, genesis(of, each.lane)) for each in ends)


async def last(tx: Tx, of: str) -> Checkpoint | None:
    """The latest checkpoint."""
    row = await tx.fetchrow(f"SELECT {_SELECT} FROM checkpoint ORDER BY checkpoint_id DESC LIMIT 1")
    return _checkpoint(of, row) if row else None


async def latest_at(tx: Tx) -> datetime | None:
    """When the latest checkpoint was made."""
    at: datetime | None = await tx.fetchval(
        "SELECT at FROM checkpoint ORDER BY checkpoint_id DESC LIMIT 1"
    )
    return at


async def checkpoints(tx: Tx, of: str, after: int, limit: int) -> list[Checkpoint]:
    """Checkpoints with a higher number, oldest first."""
    rows = await tx.fetch(
        f"SELECT {_SELECT} FROM checkpoint WHERE checkpoint_id > $1"
        " ORDER BY checkpoint_id LIMIT $2",
        after, limit,
    )  # fmt: skip
    return [_checkpoint(of, row) for row in rows]


async def covering(tx: Tx, of: str, lane: int, entry_id: int) -> Checkpoint | None:
    """The checkpoint an entry of that lane is under; None before it is made."""
    row = await tx.fetchrow(
        f"SELECT {_SELECT} FROM checkpoint WHERE heads[$1 + 1] >= $2"
        " ORDER BY checkpoint_id LIMIT 1",
        lane, entry_id,
    )  # fmt: skip
    return _checkpoint(of, row) if row else None


async def before(tx: Tx, of: str, checkpoint_id: int) -> Checkpoint | None:
    """The checkpoint before this one; None for the first."""
    row = await tx.fetchrow(
        f"SELECT {_SELECT} FROM checkpoint WHERE checkpoint_id = $1", checkpoint_id - 1
    )
    return _checkpoint(of, row) if row else None


async def add(tx: Tx, checkpoint: Checkpoint) -> None:
    """Keep a checkpoint; its number is the next one."""
    await tx.execute(
        f"INSERT INTO checkpoint ({_SELECT}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        checkpoint.checkpoint_id, checkpoint.at,
        [each.head for each in checkpoint.lanes], [each.hash for each in checkpoint.lanes],
        checkpoint.entries, checkpoint.root, checkpoint.previous,
        checkpoint.key_id, checkpoint.signature,
    )  # fmt: skip


def _checkpoint(of: str, row: Any) -> Checkpoint:
    ends = zip(row["heads"], row["hashes"], strict=True)
    return Checkpoint(
        of=of,
        checkpoint_id=row["checkpoint_id"],
        at=row["at"],
        lanes=tuple(Lane(number, head, end) for number, (head, end) in enumerate(ends)),
        entries=row["entries"],
        root=row["root"],
        previous=row["previous"],
        key_id=row["key_id"],
        signature=row["signature"],
    )
