"""Referrals are rewarded."""

from collections.abc import Sequence

from chassis.bus import Subscription
from chassis.database import Tx
from contracts.points_events import ReferralRewarded
from points_service.benefits.gifts import referred
from points_service.programme import Programme


def on_referral(programme: Programme) -> Subscription:
    """The tier of whoever brought the new member may give a coupon for it."""

    async def handle(tx: Tx, events: Sequence[ReferralRewarded]) -> None:
        await referred(tx, programme.ladder_id, events)

    return Subscription(ReferralRewarded, handle)
