"""Keeping offers and showing them."""

from collections.abc import Sequence
from uuid import UUID

from chassis.database import Tx
from contracts.events import CouponOffered
from contracts.points import coupons as api
from points_service.coupons import repository
from points_service.coupons.domain import Coupon
from points_service.members import repository as members
from points_service.members.use_cases import existing


async def keep(tx: Tx, events: Sequence[CouponOffered]) -> None:
    """Store offered coupons, for whoever the member is by now."""
    known = await members.lock(tx, [event.member_id for event in events])
    await repository.add(
        tx,
        [
            Coupon(
                event.code,
                event.coupon_id,
                known.living(event.member_id),
                event.campaign_id,
                event.percent_off,
                event.valid_from,
                event.valid_until,
            )
            for event in events
        ],
    )


async def show(tx: Tx, member_id: UUID) -> api.Coupons:
    """A member's coupons; raises Problem 404."""
    member = await existing(tx, member_id)
    return api.Coupons(
        data=[
            api.Coupon(
                code=coupon.code,
                campaign_id=coupon.campaign_id,
                percent_off=coupon.percent_off,
                valid_from=coupon.valid_from,
                valid_until=coupon.valid_until,
                status="offered" if coupon.order_no is None else "redeemed",
                order_no=coupon.order_no,
            )
            for coupon in await repository.held_by(tx, member.member_id)
        ]
    )
