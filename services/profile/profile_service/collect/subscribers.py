"""What the gateway collected."""

from collections.abc import Sequence

from chassis.bus import Subscription
from chassis.database import Tx
from profile_service.collect.columns import ToldBatch
from profile_service.collect.use_cases import Collector


def subscriptions(collector: Collector) -> list[Subscription]:
    """Who listens to what."""

    async def collected(tx: Tx, batches: Sequence[ToldBatch]) -> None:
        await collector.collect(tx, batches)

    return [Subscription(ToldBatch, collected)]
