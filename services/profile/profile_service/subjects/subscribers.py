"""What identity tells."""

from collections.abc import Sequence

from chassis.bus import Subscription
from chassis.database import Tx
from contracts.events import IdentifierLinked, MemberRegistered, MembersMerged, MembersSplit
from profile_service.subjects import use_cases
from profile_service.subjects.domain import Link
from profile_service.subjects.use_cases import SubjectIds
from profile_service.timeline import use_cases as timeline
from profile_service.watches.use_cases import Lookout


def subscriptions(subjects: SubjectIds, lookout: Lookout) -> list[Subscription]:
    """Who listens to what."""

    async def registered(tx: Tx, events: Sequence[MemberRegistered]) -> None:
        await use_cases.register(tx, subjects, events)

    async def linked(tx: Tx, events: Sequence[IdentifierLinked]) -> None:
        links = [Link(event.index, event.member_id, event.linked_at) for event in events]
        await lookout.recognised(tx, await use_cases.link(tx, subjects, links))

    async def merged(tx: Tx, events: Sequence[MembersMerged]) -> None:
        links = [Link(event.absorbed_id, event.survivor_id, event.merged_at) for event in events]
        await use_cases.link(tx, subjects, links)
        await timeline.record(tx, subjects, events)

    async def split(tx: Tx, events: Sequence[MembersSplit]) -> None:
        await use_cases.split(tx, subjects, events)
        await timeline.record(tx, subjects, events)

    return [
        Subscription(MemberRegistered, registered),
        Subscription(IdentifierLinked, linked),
        Subscription(MembersMerged, merged),
        Subscription(MembersSplit, split),
    ]
