"""identity merges members."""

from collections.abc import Sequence

from chassis.bus import Subscription
from chassis.database import Tx
from contracts.events import MembersMerged
from points_service.merges import use_cases
from points_service.programme import Programme


def on_merged(programme: Programme) -> Subscription:
    """Members turned out to be one."""

    async def handle(tx: Tx, events: Sequence[MembersMerged]) -> None:
        await use_cases.follow(tx, programme, events)

    return Subscription(MembersMerged, handle)
