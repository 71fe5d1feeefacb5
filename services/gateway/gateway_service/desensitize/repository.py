"""Plain reads, counted."""

from datetime import datetime, timedelta

from chassis.database import Tx

WINDOW = timedelta(hours=1)


async def hold(tx: Tx, subject: str) -> None:
    """One reading of a person at a time is counted, so that the count is exact."""
    await tx.execute("SELECT pg_advisory_xact_lock(hashtext('gateway:plain:' || $1))", subject)


async def read_lately(tx: Tx, subject: str) -> tuple[int, datetime | None]:
    """Members read in the clear within the last hour, and when the first of these was."""
    row = await tx.fetchrow(
        "SELECT coalesce(sum(members), 0) AS members, min(at) AS first FROM plain_read"
        " WHERE subject = $1 AND at > $2",
        subject, tx.now - WINDOW,
    )  # fmt: skip
    return row["members"], row["first"]


async def add(tx: Tx, subject: str, members: int) -> None:
    """So many more."""
    await tx.execute(
        "INSERT INTO plain_read (subject, at, members) VALUES ($1, $2, $3)",
        subject, tx.now, members,
    )  # fmt: skip


async def forget(tx: Tx) -> None:
    """What no window reaches any more."""
    await tx.execute("DELETE FROM plain_read WHERE at <= $1", tx.now - WINDOW)
