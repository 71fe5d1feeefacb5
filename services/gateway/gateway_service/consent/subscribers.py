"""Members who became one, or two again."""

from collections.abc import Awaitable, Callable, Sequence

from chassis.database import Tx
from contracts.events import MembersMerged, MembersSplit
from gateway_service.consent.standings import Standings
from gateway_service.consent.use_cases import follow, part


def on_merged(standings: Standings) -> Callable[[Tx, Sequence[MembersMerged]], Awaitable[None]]:
    """The handler of `identity.members_merged.v1`."""

    async def handle(tx: Tx, events: Sequence[MembersMerged]) -> None:
        await follow(tx, standings, events)

    return handle


def on_split(standings: Standings) -> Callable[[Tx, Sequence[MembersSplit]], Awaitable[None]]:
    """The handler of `identity.members_split.v1`."""

    async def handle(tx: Tx, events: Sequence[MembersSplit]) -> None:
        await part(tx, standings, events)

    return handle
