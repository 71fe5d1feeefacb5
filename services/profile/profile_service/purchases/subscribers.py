"""What points tells."""

from collections.abc import Sequence

from chassis.bus import Subscription
from chassis.database import Tx
from contracts.events import OrderRefunded, OrdersRecorded
from profile_service.purchases.use_cases import Purchases
from profile_service.timeline import use_cases as timeline


def subscriptions(purchases: Purchases) -> list[Subscription]:
    """Who listens to what."""

    async def recorded(tx: Tx, events: Sequence[OrdersRecorded]) -> None:
        await purchases.record(tx, [order for event in events for order in event.orders])
        await timeline.record(tx, purchases.subjects, events)

    async def refunded(tx: Tx, events: Sequence[OrderRefunded]) -> None:
        await purchases.refund(tx, events)

    return [Subscription(OrdersRecorded, recorded), Subscription(OrderRefunded, refunded)]
