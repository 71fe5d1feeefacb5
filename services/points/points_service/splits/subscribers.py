"""identity takes merges back."""

from collections.abc import Sequence

from chassis.bus import Subscription
from chassis.database import Tx
from contracts.events import MembersSplit
from points_service.programme import Programme
from points_service.splits import use_cases


def on_split(programme: Programme) -> Subscription:
    """Members turned out to be two."""

    async def handle(tx: Tx, events: Sequence[MembersSplit]) -> None:
        await use_cases.follow(tx, programme, events)

    return Subscription(MembersSplit, handle)
