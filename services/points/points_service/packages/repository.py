"""Packages, purchases, vouchers."""

from collections.abc import Sequence
from uuid import UUID

from chassis.database import Tx
from points_service.definitions import Definitions
from points_service.packages.domain import Purchase, Voucher

packages = Definitions("package", "package_id")

_PURCHASE = ", ".join(Purchase.__slots__)
_VOUCHER = ", ".join(Voucher.__slots__)


async def add(tx: Tx, purchase: Purchase, vouchers: Sequence[Voucher]) -> None:
    """Keep a purchase."""
    await tx.copy(
        "package_purchase",
        Purchase.__slots__,
        [[getattr(purchase, name) for name in Purchase.__slots__]],
    )
    await tx.copy(
        "package_voucher",
        Voucher.__slots__,
        [[getattr(each, name) for name in Voucher.__slots__] for each in vouchers],
    )


async def purchases(tx: Tx, member_id: UUID, limit: int) -> list[Purchase]:
    """A member's latest, newest first."""
    rows = await tx.fetch(
        f"SELECT {_PURCHASE} FROM package_purchase WHERE member_id = $1"
        " ORDER BY bought_at DESC, purchase_id DESC LIMIT $2",
        member_id, limit,
    )  # fmt: skip
    return [Purchase(**row) for row in rows]


async def lock(tx: Tx, purchase_id: UUID) -> Purchase | None:
    """A purchase by its id; its member is locked before."""
    row = await tx.fetchrow(
        f"SELECT {_PURCHASE} FROM package_purchase WHERE purchase_id = $1 FOR UPDATE", purchase_id
    )
    return Purchase(**row) if row else None


async def vouchers(tx: Tx, purchases: Sequence[UUID], *, lock: bool = False) -> list[Voucher]:
    """All of these purchases, by component."""
    rows = await tx.fetch(
        f"SELECT {_VOUCHER} FROM package_voucher WHERE purchase_id = ANY ($1::uuid[])"
        f" ORDER BY purchase_id, component_id {'FOR UPDATE' if lock else ''}",
        list(purchases),
    )
    return [Voucher(**row) for row in rows]


async def locked_voucher(tx: Tx, code: str) -> Voucher | None:
    """By its code."""
    row = await tx.fetchrow(
        f"SELECT {_VOUCHER} FROM package_voucher WHERE code = $1 FOR UPDATE", code
    )
    return Voucher(**row) if row else None


async def redeem(tx: Tx, code: str) -> None:
    """It was used now."""
    await tx.execute("UPDATE package_voucher SET redeemed_at = $2 WHERE code = $1", code, tx.now)


async def refund(tx: Tx, codes: Sequence[str]) -> None:
    """They were given back now."""
    await tx.execute(
        "UPDATE package_voucher SET refunded_at = $2 WHERE code = ANY ($1::text[])",
        list(codes), tx.now,
    )  # fmt: skip
