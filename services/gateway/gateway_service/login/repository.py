"""Codes that were sent, by the blind index of the number."""

from datetime import datetime

from chassis.database import Tx
from gateway_service.login.domain import LoginCode


async def put(tx: Tx, number: str, sealed: bytes, expires_at: datetime) -> None:
    """The newest code of a number is the only one."""
    await tx.execute(
        "INSERT INTO login_code (number_index, code_sealed, expires_at) VALUES ($1, $2, $3)"
        " ON CONFLICT (number_index) DO UPDATE SET code_sealed = excluded.code_sealed,"
        " attempts = 0, expires_at = excluded.expires_at",
        number, sealed, expires_at,
    )  # fmt: skip


async def find(tx: Tx, number: str) -> LoginCode | None:
    """The code of a number, locked: of those who try at once each counts."""
    row = await tx.fetchrow(
        "SELECT code_sealed, attempts, expires_at FROM login_code WHERE number_index = $1"
        " FOR UPDATE",
        number,
    )
    return LoginCode(*row) if row else None


async def tried(tx: Tx, number: str) -> None:
    """One attempt less."""
    await tx.execute(
        "UPDATE login_code SET attempts = attempts + 1 WHERE number_index = $1", number
    )


async def drop(tx: Tx, number: str) -> None:
    """It was used."""
    await tx.execute("DELETE FROM login_code WHERE number_index = $1", number)


async def sweep(tx: Tx, before: datetime) -> None:
    """Forget codes that ended before then."""
    await tx.execute("DELETE FROM login_code WHERE expires_at < $1", before)
