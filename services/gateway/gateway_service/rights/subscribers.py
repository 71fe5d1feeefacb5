"""What services answer."""

from collections.abc import Sequence

from chassis.bus import Subscription
from chassis.database import Tx
from contracts.gateway_events import RightsAnswered
from gateway_service.parts import Parts
from gateway_service.rights.use_cases import gather


def on_answered(parts: Parts) -> Subscription:
    """Answers to members' requests."""

    async def handle(tx: Tx, events: Sequence[RightsAnswered]) -> None:
        await gather(tx, parts, events)

    return Subscription(RightsAnswered, handle)
