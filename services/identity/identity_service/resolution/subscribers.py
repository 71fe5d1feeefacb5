"""Collected behaviour, heard from the bus."""

from collections.abc import Sequence

from chassis.database import Tx
from contracts.events import ActivityBatch
from identity_service.resolution.domain import clues
from identity_service.resolution.use_cases import follow


async def on_activities(tx: Tx, batches: Sequence[ActivityBatch]) -> None:
    """Stitch what the batches tell, in stream order."""
    if found := clues(batches):
        await follow(tx, found)
