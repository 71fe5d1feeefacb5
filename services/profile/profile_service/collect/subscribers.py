"""What the gateway collected."""

from collections.abc import Sequence
from typing import Annotated

import msgspec

from chassis.bus import Subscription
from chassis.database import Tx
from contracts.classification import internal
from contracts.events import Activity, ActivityBatch
from profile_service.collect.use_cases import Collector


class RawActivity(Activity, frozen=True, gc=False):
    """An activity whose properties go from the bus to the database as they are."""

    properties: Annotated[msgspec.Raw, internal] = msgspec.Raw(b"{}")  # type: ignore[assignment]


class RawActivityBatch(ActivityBatch, frozen=True):
    """`ActivityBatch`, decoded no further than this service looks."""

    activities: Annotated[list[RawActivity], internal]  # type: ignore[assignment]


def subscriptions(collector: Collector) -> list[Subscription]:
    """Who listens to what."""

    async def collected(tx: Tx, batches: Sequence[ActivityBatch]) -> None:
        await collector.collect(tx, batches)

    return [Subscription(RawActivityBatch, collected)]
