"""identity registers members."""

from collections.abc import Sequence

from chassis.bus import Subscription
from chassis.database import Tx
from contracts.events import MemberRegistered
from points_service.members import use_cases
from points_service.programme import Programme


def on_registered(programme: Programme) -> Subscription:
    """Members exist from now on."""

    async def handle(tx: Tx, events: Sequence[MemberRegistered]) -> None:
        await use_cases.register(tx, programme.ladder_id, events)

    return Subscription(MemberRegistered, handle)
