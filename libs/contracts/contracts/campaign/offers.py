"""What a campaign gives to whom it contacts: nothing, points, or a coupon of one of four kinds."""

from typing import Annotated, Literal

from pydantic import Field, Tag

from contracts.base import Model, tags
from contracts.classification import public
from contracts.points.common import Cny
from contracts.points.coupons import CouponScope

Days = Annotated[int, Field(ge=1, le=365), public]
Sku = Annotated[str, Field(pattern=r"^[^\x00]{1,64}$"), public]


class NoOffer(Model):
    """A message only."""

    kind: Annotated[Literal["none"], public] = "none"


class PercentOffer(Model):
    """A coupon that takes off a share of its goods, at most `max_off`.

    Without `max_off` nothing bounds what one coupon may cost, so the budget pays for messages only.
    """

    kind: Annotated[Literal["percent"], public] = "percent"
    percent_off: Annotated[int, Field(ge=1, le=90), public]
    max_off: Annotated[Cny | None, public] = None
    scope: Annotated[CouponScope, public] = CouponScope()
    valid_days: Days


class CashOffer(Model):
    """A coupon that takes off `off`, once its goods cost `threshold`."""

    kind: Annotated[Literal["cash_off"], public] = "cash_off"
    off: Annotated[Cny, public]
    threshold: Annotated[Cny | None, public] = None
    scope: Annotated[CouponScope, public] = CouponScope()
    valid_days: Days


class GiftOffer(Model):
    """A coupon for pieces of an article for nothing. `worth`: what one piece costs at most."""

    kind: Annotated[Literal["gift"], public] = "gift"
    sku: Sku
    quantity: Annotated[int, Field(ge=1, le=100), public] = 1
    worth: Annotated[Cny, public]
    threshold: Annotated[Cny | None, public] = None
    valid_days: Days


class DeliveryOffer(Model):
    """A coupon for the delivery fee, up to `most`."""

    kind: Annotated[Literal["free_delivery"], public] = "free_delivery"
    most: Annotated[Cny, public]
    threshold: Annotated[Cny | None, public] = None
    valid_days: Days


class PointsOffer(Model):
    """Points, which are in the member's account before the message is."""

    kind: Annotated[Literal["points"], public] = "points"
    points: Annotated[int, Field(ge=1, le=1_000_000), public]


# An offer that does not say what it is takes off a percentage, as the first ones did.
Offer = Annotated[
    Annotated[NoOffer, Tag("?none")]
    | Annotated[PercentOffer, Tag("?percent")]
    | Annotated[CashOffer, Tag("?cash_off")]
    | Annotated[GiftOffer, Tag("?gift")]
    | Annotated[DeliveryOffer, Tag("?free_delivery")]
    | Annotated[PointsOffer, Tag("?points")],
    tags("kind", "percent"),
]
CouponOffer = PercentOffer | CashOffer | GiftOffer | DeliveryOffer


def worst_fen(offer: NoOffer | CouponOffer | PointsOffer, points_per_yuan: int) -> int:
    """What one offer costs at most, in fen; 0 where nothing bounds it or it costs nothing."""
    match offer:
        case CashOffer():
            return offer.off.amount
        case PercentOffer():
            return offer.max_off.amount if offer.max_off else 0
        case GiftOffer():
            return offer.worth.amount * offer.quantity
        case DeliveryOffer():
            return offer.most.amount
        case PointsOffer():
            return -(-offer.points * 100 // points_per_yuan)
    return 0
