"""Messages to send."""

from collections.abc import Awaitable, Callable, Sequence

from chassis.database import Tx
from contracts.events import MessageRequested
from gateway_service.egress.use_cases import Egress


def on_requested(egress: Egress) -> Callable[[Tx, Sequence[MessageRequested]], Awaitable[None]]:
    """The handler of `campaign.message_requested.v1`."""

    async def handle(tx: Tx, events: Sequence[MessageRequested]) -> None:
        await egress.send(tx, events)

    return handle
