"""When a coupon may be used."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Coupon:
    """`order_no` is the order that redeemed it."""

    code: str
    coupon_id: UUID
    member_id: UUID
    campaign_id: UUID
    percent_off: int
    valid_from: datetime
    valid_until: datetime
    order_no: str | None = None


def objection(coupon: Coupon | None, holder: UUID, paid_at: datetime) -> tuple[str, str] | None:
    """Why this member cannot use it in an order of that moment: (code, title), or None."""
    if coupon is None:
        return "unknown_coupon", "There is no such coupon"
    if coupon.member_id != holder:
        return "foreign_coupon", "This coupon belongs to another member"
    if coupon.order_no is not None:
        return "coupon_redeemed", "This coupon was used before"
    if not coupon.valid_from <= paid_at < coupon.valid_until:
        return "coupon_not_valid", "This coupon is not valid at that time"
    return None
