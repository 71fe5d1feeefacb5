"""What others tell that nothing but the timeline listens to.

Entries have their own times, but are heard in turn all the same: members are known by then, so that
none is made here in another sequence than where behaviour is collected.
"""

from collections.abc import Sequence
from typing import Any

from chassis.bus import Subscription
from chassis.database import Tx
from contracts.events import CouponOffered, MessageSent, PointsBurnt, PointsExpired
from contracts.points_events import (
    BadgeEarned,
    BenefitApplied,
    CouponRolledBack,
    CouponsIssued,
    GrowthGained,
    PointsTransferred,
    ReferralRewarded,
)
from profile_service.subjects.use_cases import SubjectIds
from profile_service.timeline import use_cases

HEARD = (
    PointsBurnt, PointsExpired, PointsTransferred, GrowthGained, BadgeEarned, ReferralRewarded,
    CouponOffered, CouponsIssued, CouponRolledBack, MessageSent, BenefitApplied,
)  # fmt: skip


def subscriptions(subjects: SubjectIds) -> list[Subscription]:
    """Who listens to what."""

    async def record(tx: Tx, events: Sequence[Any]) -> None:
        await use_cases.record(tx, subjects, events)

    return [Subscription(event, record) for event in HEARD]
