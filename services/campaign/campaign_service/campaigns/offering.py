"""Offers leave with their messages: coupons one by one, points of a campaign in one go."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from campaign_service.campaigns import offers
from campaign_service.campaigns.domain import Campaign
from chassis.database import Tx
from contracts.campaign.budgets import PointsOffered
from contracts.campaign.offers import PercentOffer, PointsOffer
from contracts.events import CouponOffered


@dataclass(frozen=True, slots=True)
class Given:
    """Whom a message that leaves is for; `code` where its offer is a coupon."""

    delivery_id: UUID
    member_id: UUID
    code: str | None


def tell(tx: Tx, campaign: Campaign, given: Iterable[Given], now: datetime) -> None:
    """Points keeps what is offered, to each delivery once."""
    offer, reserved = campaign.plan.offer, campaign.reservation
    budget = reserved.reservation_id if reserved else None
    if offers.is_coupon(offer):
        promise = offers.promise(offer)
        for each in given:
            assert each.code is not None, "a coupon has a code"
            tx.publish(
                CouponOffered(
                    coupon_id=tx.ids.new(),
                    code=each.code,
                    member_id=each.member_id,
                    campaign_id=campaign.campaign_id,
                    percent_off=offer.percent_off if isinstance(offer, PercentOffer) else 0,
                    valid_from=now,
                    valid_until=now + timedelta(days=offer.valid_days),
                    promise=promise,
                    reservation_id=budget,
                )
            )
    elif isinstance(offer, PointsOffer) and budget is not None:
        grants = [(each.delivery_id, each.member_id) for each in given]
        tx.publish(PointsOffered(budget, campaign.campaign_id, offer.points, grants, now))
