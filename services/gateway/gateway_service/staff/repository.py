"""Accounts in the database."""

from typing import Any

from chassis.database import Tx
from contracts.roles import Role
from gateway_service.staff.domain import Staff

_COLUMNS = (
    "username, role, store, password_hash, second_factor, second_factor_proposed, last_step,"
    " disabled_at"
)


async def find(tx: Tx, username: str, *, lock: bool = False) -> Staff | None:
    """An account by its name."""
    row = await tx.fetchrow(
        f"SELECT {_COLUMNS} FROM staff_user WHERE username = $1 {'FOR UPDATE' if lock else ''}",
        username,
    )
    return _staff(row) if row else None


async def listed(tx: Tx) -> list[Staff]:
    """All of them, by name."""
    return list(map(_staff, await tx.fetch(f"SELECT {_COLUMNS} FROM staff_user ORDER BY username")))


async def add(tx: Tx, new: Staff) -> bool:
    """Keep a new account; False if there is one of that name."""
    done = await tx.execute(
        "INSERT INTO staff_user (username, role, store, password_hash, created_at)"
        " VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING",
        new.username, new.role, new.store, new.password_hash, tx.now,
    )  # fmt: skip
    return done.endswith(" 1")


async def change(tx: Tx, changed: Staff) -> None:
    """Write everything that can change."""
    await tx.execute(
        "UPDATE staff_user SET role = $2, store = $3, password_hash = $4, second_factor = $5,"
        " second_factor_proposed = $6, last_step = $7, disabled_at = $8 WHERE username = $1",
        changed.username, changed.role, changed.store, changed.password_hash,
        changed.second_factor, changed.second_factor_proposed, changed.last_step,
        changed.disabled_at,
    )  # fmt: skip


def _staff(row: Any) -> Staff:
    username, role, *rest = row
    return Staff(username, Role(role), *rest)
