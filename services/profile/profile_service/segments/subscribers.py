"""What points and the gateway tell that conditions look at."""

from collections.abc import Sequence

from chassis.bus import Subscription
from chassis.database import Tx
from contracts.events import TierChanged
from contracts.gateway_events import ConsentChanged
from profile_service.segments import use_cases
from profile_service.subjects.use_cases import SubjectIds
from profile_service.timeline import use_cases as timeline


def subscriptions(subjects: SubjectIds) -> list[Subscription]:
    """Who listens to what."""

    async def tiers(tx: Tx, events: Sequence[TierChanged]) -> None:
        told = [(event.member_id, event.tier, event.changed_at) for event in events]
        await use_cases.tiers_changed(tx, subjects, told)
        await timeline.record(tx, subjects, events)

    return [Subscription(TierChanged, tiers)]


async def consents(tx: Tx, subjects: SubjectIds, events: Sequence[ConsentChanged]) -> None:
    """Part of what happens when consents change."""
    told = [(each, event.changed_at) for event in events for each in event.answers]
    await use_cases.consents_changed(tx, subjects, told)
