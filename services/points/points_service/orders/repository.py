"""Orders that are booked."""

from collections.abc import Iterable, Sequence

from chassis.database import Tx
from points_service.earning.kept_shares import keep
from points_service.orders.domain import Booking, Recorded

_COLUMNS = (
    "order_no", "body_hash", "member_id", "store", "channel", "paid_at", "paid_fen", "items",
    "coupons", "recorded_at", "journal_id", "points", "growth", "tier", "balance",
    "delivery_fen", "pays", "tender", "quote_id", "hold_id", "payer", "earned",
)  # fmt: skip
_ANSWER = "order_no, body_hash, member_id, points, growth, tier, balance, coupons, earned"


async def recorded(tx: Tx, order_nos: Iterable[str]) -> dict[str, Recorded]:
    """Those of these orders that are booked already."""
    rows = await tx.fetch(
        f"SELECT {_ANSWER} FROM orders WHERE order_no = ANY ($1::text[])", list(order_nos)
    )
    return {row["order_no"]: Recorded(**row) for row in rows}


async def add(tx: Tx, bookings: Sequence[Booking]) -> None:
    """Store new ones; raises UniqueViolationError if a concurrent call was faster.

    Callers with the same numbers meet in the sequence of the numbers, not crosswise.
    """
    ordered = sorted(bookings, key=lambda booking: booking.purchase.order_no)
    await tx.copy("orders", _COLUMNS, [_row(booking, tx) for booking in ordered])


def _row(booking: Booking, tx: Tx) -> tuple[object, ...]:
    order, member, extras = booking.purchase, booking.member, booking.extras
    return (
        order.order_no, order.body_hash, member.member_id, order.store, order.channel,
        order.paid_at, order.paid_fen, order.items, order.coupons, tx.now,
        booking.journal.journal_id if booking.journal else None,
        booking.points, booking.growth, member.tier, member.balance,
        extras.delivery_fen, extras.pays, extras.tender, extras.quote_id, extras.hold_id,
        extras.payer, keep(booking.given),
    )  # fmt: skip
