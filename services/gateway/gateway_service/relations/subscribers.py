"""What is heard about members, beside what other features make of it."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from chassis.bus import Subscription
from chassis.database import Tx
from contracts.events import OrdersRecorded
from gateway_service.relations.use_cases import Relations

Handler = Callable[[Tx, Sequence[Any]], Awaitable[None]]


def on_recorded(relations: Relations, also: Handler) -> Subscription:
    """Orders were booked; their sequence does not matter here."""
    return Subscription(OrdersRecorded, after(relations.bought, also), early=True)


def after(first: Handler, second: Handler) -> Handler:
    """A service has one handler an event: two features hear it one after the other."""

    async def both(tx: Tx, events: Sequence[Any]) -> None:
        await first(tx, events)
        await second(tx, events)

    return both
