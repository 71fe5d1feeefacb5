"""What the gateway tells about rights and consents."""

from collections.abc import Sequence
from uuid import UUID

from chassis.bus import Subscription
from chassis.database import Tx
from chassis.rights import Rights
from contracts.gateway_events import ConsentChanged
from profile_service.forecasts.lake import Lake
from profile_service.rights import use_cases
from profile_service.rights.repository import HOLDS
from profile_service.segments.subscribers import consents
from profile_service.subjects.use_cases import SubjectIds
from profile_service.timeline import use_cases as timeline


def subscriptions(subjects: SubjectIds, lake: Lake) -> list[Subscription]:
    """Who listens to what."""

    async def erase(tx: Tx, members: Sequence[UUID]) -> None:
        await use_cases.erase_with_lake(tx, lake, members)

    async def changed(tx: Tx, events: Sequence[ConsentChanged]) -> None:
        await use_cases.changed(tx, subjects, events)
        await consents(tx, subjects, events)
        await timeline.record(tx, subjects, events)

    rights = Rights("profile", HOLDS, erase, use_cases.object_to)
    return [rights.subscription, Subscription(ConsentChanged, changed)]
