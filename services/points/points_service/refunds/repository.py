"""Orders as refunds see them, and refunds."""

from chassis.database import Tx, columns_of
from points_service.refunds.domain import Order, Refund
from points_service.refunds.items import Goods
from points_service.tables import Refund as RefundTable

_ORDER = (
    "order_no, member_id, store, paid_at, paid_fen, journal_id, points, growth,"
    " refunded_fen, points_reversed, growth_reversed, coupons, earned, items, delivery_fen, pays"
)
_REFUND = columns_of(RefundTable)


async def order(tx: Tx, order_no: str) -> Order | None:
    """A booked order. Read it under its member's lock to decide on it."""
    row = await tx.fetchrow(f"SELECT {_ORDER} FROM orders WHERE order_no = $1", order_no)
    if row is None:
        return None
    told = dict(row)
    goods = Goods(told.pop("items"), row["paid_fen"], told.pop("delivery_fen"), told.pop("pays"))
    return Order(goods=goods, **told)


async def refunds(tx: Tx, order_no: str) -> dict[str, Refund]:
    """What was refunded of an order, by refund number."""
    rows = await tx.fetch(f"SELECT {', '.join(_REFUND)} FROM refund WHERE order_no = $1", order_no)
    return {row["refund_no"]: Refund(**row) for row in rows}


async def add(tx: Tx, refund: Refund) -> None:
    """Keep a refund and add it to its order."""
    await tx.copy("refund", _REFUND, [tuple(getattr(refund, name) for name in _REFUND)])
    await tx.execute(
        "UPDATE orders SET refunded_fen = refunded_fen + $2,"
        " points_reversed = points_reversed + $3, growth_reversed = growth_reversed + $4"
        " WHERE order_no = $1",
        refund.order_no, refund.amount_fen, refund.points_reversed, refund.growth_reversed,
    )  # fmt: skip
