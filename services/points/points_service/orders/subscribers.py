"""What follows orders and refunds, as this service tells itself: checkout waits for nothing."""

from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar
from uuid import UUID

import msgspec

from chassis.bus import Subscription
from chassis.database import Tx
from contracts.events import OrderRefunded, OrdersRecorded
from points_service.programme import Programme
from points_service.purchase_tasks import use_cases as tasks
from points_service.referrals import use_cases as referrals
from points_service.referrals.use_cases import Purchase


class Booked(msgspec.Struct, frozen=True, gc=False):
    """A recorded order, as far as we look."""

    order_no: str
    member_id: UUID
    paid_at: datetime
    paid_fen: int


class Recorded(msgspec.Struct, frozen=True):
    """`OrdersRecorded`, as far as we look."""

    subject: ClassVar[str] = OrdersRecorded.subject
    orders: list[Booked]


def subscriptions(programme: Programme) -> list[Subscription]:
    """Who listens to what."""

    async def recorded(tx: Tx, events: Sequence[Recorded]) -> None:
        purchases = [
            Purchase(order.order_no, order.member_id, order.paid_at)
            for event in events
            for order in event.orders
            if order.paid_fen
        ]
        await referrals.bought(tx, programme, purchases)
        await tasks.bought(tx, programme, {each.order_no for each in purchases})

    async def refunded(tx: Tx, events: Sequence[OrderRefunded]) -> None:
        refunds = {event.order_no: event.refunded_at for event in events}
        await referrals.given_back(tx, programme, refunds)
        await tasks.given_back(tx, programme, refunds)

    return [Subscription(Recorded, recorded), Subscription(OrderRefunded, refunded)]
