"""identity registers members."""

from collections.abc import Sequence

from chassis.bus import Subscription
from chassis.database import Tx
from contracts.events import MemberRegistered
from points_service.acts import use_cases as acts
from points_service.members import use_cases
from points_service.programme import Programme
from points_service.referrals import use_cases as referrals


def on_registered(programme: Programme) -> Subscription:
    """Members exist from now on."""

    async def handle(tx: Tx, events: Sequence[MemberRegistered]) -> None:
        await use_cases.register(tx, programme.ladder_id, events)
        await referrals.enrol(tx, events)
        waiting = {f"member:{event.member_id}": event.member_id for event in events}
        await acts.release(tx, programme, waiting)

    return Subscription(MemberRegistered, handle)
