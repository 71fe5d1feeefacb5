"""Keeping offers and showing them."""

from collections.abc import Sequence
from uuid import UUID

from chassis.database import Tx
from contracts.events import CouponOffered
from contracts.points import coupons as api
from points_service.coupons import repository, templates
from points_service.coupons.domain import Coupon, Effect, Terms, campaign_template
from points_service.members import repository as members
from points_service.members.use_cases import existing


async def keep(tx: Tx, events: Sequence[CouponOffered]) -> None:
    """Store offered coupons, for whoever the member is by now; told again, nothing changes."""
    holders = await members.lock(tx, [event.member_id for event in events])
    stored = await repository.known(tx, {event.code for event in events})
    new = {event.code: event for event in events if event.code not in stored}
    terms = {code: _offered(event) for code, event in new.items()}
    await templates.put(tx, list(terms.values()), exist=True)
    await templates.count(tx, [each.template.template_id for each in terms.values()])
    await repository.add(
        tx,
        [
            Coupon(
                code,
                event.coupon_id,
                terms[code],
                holders.living(event.member_id),
                tx.now,
                event.valid_from,
                event.valid_until,
                event.campaign_id,
                claimed_at=tx.now,
            )
            for code, event in new.items()
        ],
    )


def _offered(event: CouponOffered) -> Terms:
    return Terms(campaign_template(event.campaign_id, event.percent_off))


async def show(tx: Tx, member_id: UUID) -> api.Coupons:
    """A member's coupons; raises Problem 404."""
    member = await existing(tx, member_id)
    held = await repository.held_by(tx, member.member_id)
    return api.Coupons(
        data=[
            api.Coupon(
                code=coupon.code,
                campaign_id=coupon.campaign_id,
                percent_off=(
                    coupon.template.value if coupon.template.effect is Effect.PERCENT else 0
                ),
                valid_from=coupon.valid_from,
                valid_until=coupon.valid_until,
                status=coupon.status(tx.now),
                order_no=coupon.order_no,
            )
            for coupon in held
        ]
    )
