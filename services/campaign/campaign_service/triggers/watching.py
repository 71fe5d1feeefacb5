"""What profile is to look out for: collected events that campaigns and journeys wait for."""

from collections.abc import Mapping
from uuid import UUID

from campaign_service.triggers import repository
from chassis.database import Tx
from contracts.behaviour import Watch, WatchesChanged


async def watch(tx: Tx, watcher: UUID, names: Mapping[str, int]) -> None:
    """`watcher` (a campaign, a journey) waits for these collected events and no others, by name:
    minutes after which one is of no use. `BehaviourSeen` tells of them from then on."""
    version = await repository.set_watches(tx, watcher, names)
    if version is not None:
        watched = await repository.watched(tx)
        tx.publish(WatchesChanged(version, [Watch(*each) for each in watched.items()]))
