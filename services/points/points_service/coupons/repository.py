"""Coupons by code."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from chassis.database import Tx
from points_service.coupons.domain import Coupon

_COLUMNS = (
    "code", "coupon_id", "member_id", "campaign_id", "percent_off", "valid_from", "valid_until",
    "order_no",
)  # fmt: skip
_SELECT = ", ".join(_COLUMNS)


async def add(tx: Tx, coupons: Sequence[Coupon]) -> None:
    """Store new ones; an offer that is told again changes nothing."""
    await tx.executemany(
        f"INSERT INTO coupon ({_SELECT}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)"
        " ON CONFLICT DO NOTHING",
        [tuple(getattr(coupon, name) for name in _COLUMNS) for coupon in coupons],
    )


async def lock(tx: Tx, codes: Iterable[str]) -> dict[str, Coupon]:
    """Those that exist, locked; the members are locked before."""
    rows = await tx.fetch(
        f"SELECT {_SELECT} FROM coupon WHERE code = ANY ($1::text[]) ORDER BY code FOR UPDATE",
        list(codes),
    )
    return {row["code"]: Coupon(**row) for row in rows}


async def redeem(tx: Tx, used: Sequence[tuple[str, str, datetime]]) -> None:
    """(code, order_no, when)."""
    if used:
        await tx.executemany(
            "UPDATE coupon SET order_no = $2, redeemed_at = $3 WHERE code = $1", used
        )


async def held_by(tx: Tx, member_id: UUID) -> list[Coupon]:
    """A member's coupons, the one that ends first on top."""
    rows = await tx.fetch(
        f"SELECT {_SELECT} FROM coupon WHERE member_id = $1 ORDER BY valid_until, code LIMIT 200",
        member_id,
    )
    return [Coupon(**row) for row in rows]


async def move(tx: Tx, merges: Sequence[tuple[UUID, UUID]]) -> None:
    """(absorbed, survivor): coupons change hands."""
    await tx.executemany("UPDATE coupon SET member_id = $2 WHERE member_id = $1", merges)
