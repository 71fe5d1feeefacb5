"""What the gateway hears: messages to send, members who became one."""

from collections.abc import Awaitable, Callable, Sequence

from chassis.database import Tx
from contracts.events import MembersMerged, MessageRequested
from gateway_service.egress import repository
from gateway_service.egress.use_cases import Egress


def on_requested(egress: Egress) -> Callable[[Tx, Sequence[MessageRequested]], Awaitable[None]]:
    """The handler of `campaign.message_requested.v1`."""

    async def handle(tx: Tx, events: Sequence[MessageRequested]) -> None:
        await egress.send(tx, events)

    return handle


async def on_merged(tx: Tx, events: Sequence[MembersMerged]) -> None:
    """Consents follow the member."""
    for event in events:
        await repository.merge(tx, event.survivor_id, event.absorbed_id)
