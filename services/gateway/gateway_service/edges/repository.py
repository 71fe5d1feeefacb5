"""Which gateway reads what stores have kept: one does, and another when it is gone."""

from chassis.database import Tx

_LEAD = "SELECT pg_try_advisory_xact_lock(hashtext('gateway:edges'))"


async def lead(tx: Tx) -> bool:
    """Whether this gateway does, for as long as the transaction lasts."""
    leading: bool = await tx.fetchval(_LEAD)
    return leading


async def alive(tx: Tx) -> None:
    """Raises if the connection is gone, and with it the lead."""
    await tx.execute("SELECT 1")
