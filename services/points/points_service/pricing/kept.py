"""Quotes that were kept: an order may name one, once, while it is valid."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from points_service.pricing.domain import Price
from points_service.pricing.rules.rule import Cart


@dataclass(frozen=True, slots=True)
class Kept:
    """`lines` are (sku, quantity, listed fen, paid fen), `coupons` (code, fen it takes off)."""

    quote_id: UUID
    member_id: UUID
    store: str
    channel: str
    lines: list[tuple[str, int, int, int]]
    delivery_fen: int
    coupons: list[tuple[str, int]]
    points: int
    to_pay_fen: int
    valid_until: datetime
    order_no: str | None = None


def keep(quote_id: UUID, member_id: UUID, cart: Cart, price: Price, valid_until: datetime) -> Kept:
    """A price as it is promised."""
    return Kept(
        quote_id=quote_id,
        member_id=member_id,
        store=cart.store,
        channel=cart.channel,
        lines=[
            (line.sku, line.quantity, line.list_fen, pays)
            for line, pays in zip(cart.lines, price.pays.lines, strict=True)
        ],
        delivery_fen=cart.delivery_fen,
        coupons=[(step.code, step.off.total) for step in price.steps if step.code is not None],
        points=price.points,
        to_pay_fen=price.pays.total,
        valid_until=valid_until,
    )


def objection(kept: Kept | None, holder: UUID, at: datetime) -> tuple[str, str] | None:
    """Why this member's order of that moment cannot name it: (code, title), or None."""
    if kept is None or kept.member_id != holder:
        return "unknown_quote", "The member has no such quote"
    if kept.order_no is not None:
        return "quote_used", "Another order used this quote"
    if at >= kept.valid_until:
        return "quote_expired", "This quote was no longer valid"
    return None
