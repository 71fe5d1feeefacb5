"""campaign offers coupons."""

from collections.abc import Sequence

from chassis.database import Tx
from contracts.events import CouponOffered
from points_service.coupons import use_cases


async def on_offered(tx: Tx, events: Sequence[CouponOffered]) -> None:
    """Coupons were granted."""
    await use_cases.keep(tx, events)
