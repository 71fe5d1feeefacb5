"""What the gateway collected."""

from collections.abc import Sequence

from chassis.bus import Subscription
from chassis.database import Tx
from contracts.events import ActivityBatch
from profile_service.collect.columns import Columns, heard
from profile_service.collect.use_cases import Collector


def subscriptions(collector: Collector) -> list[Subscription]:
    """Who listens to what."""

    async def collected(tx: Tx, batches: Sequence[Columns]) -> None:
        await collector.collect(tx, batches)

    return [Subscription(ActivityBatch, collected, read=heard)]
