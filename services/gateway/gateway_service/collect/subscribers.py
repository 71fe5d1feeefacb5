"""Orders that came as events, on their way to points."""

from collections.abc import Awaitable, Callable, Sequence

from chassis.database import Tx
from contracts.events import OrdersCollected
from gateway_service.collect.use_cases import forward_orders, put_orders_aside
from gateway_service.proxy.forward import Forward


def on_orders(forward: Forward) -> Callable[[Tx, Sequence[OrdersCollected]], Awaitable[None]]:
    """The handler of `activity.orders.v1`; waits while identity or points is away."""

    async def handle(tx: Tx, events: Sequence[OrdersCollected]) -> None:
        for event in events:
            refused = await forward_orders(forward, event.activities)
            await put_orders_aside(tx, forward.vault, event, refused)

    return handle
