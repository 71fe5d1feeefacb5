"""Templates, coupons, and when a coupon may be used."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID


class Effect(StrEnum):
    """What a coupon gives; `Template.value` is in the unit named here."""

    CASH_OFF = "cash_off"  # fen, once `threshold_fen` of its goods is in the cart
    PERCENT = "percent"  # percent off its goods, at most `max_off_fen`
    GIFT = "gift"  # so many pieces of `gift_sku` for nothing
    FREE_DELIVERY = "free_delivery"  # the delivery fee, at most so many fen (0: all of it)


@dataclass(frozen=True, slots=True)
class Scope:
    """Goods and places a coupon is good for; an empty set means any."""

    stores: frozenset[str] = frozenset()
    channels: frozenset[str] = frozenset()
    departments: frozenset[str] = frozenset()
    categories: frozenset[str] = frozenset()
    skus: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Template:
    """What every coupon of a kind promises.

    Coupons of one `stacking_group` exclude each other in an order; those of different groups add
    up. `cost_shares` are (merchant, percent) and add up to 100.
    """

    template_id: UUID
    name: str
    effect: Effect
    value: int
    threshold_fen: int = 0
    max_off_fen: int | None = None
    gift_sku: str | None = None
    scope: Scope = field(default_factory=Scope)
    stacking_group: str = "default"
    cost_shares: tuple[tuple[str, int], ...] = (("programme", 100),)


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
