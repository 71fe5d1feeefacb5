"""Collected behaviour, heard from the bus."""

from collections.abc import Sequence

import msgspec

from chassis.bus import Subscription
from chassis.database import Tx
from contracts.events import ActivityBatch
from identity_service.resolution.domain import TELLING, clues
from identity_service.resolution.use_cases import follow

_SAYS = tuple(f'"type":"{kind}"'.encode() for kind in sorted(TELLING))  # as msgspec writes it
_batch = msgspec.json.Decoder(ActivityBatch).decode


def heard(payload: bytes) -> ActivityBatch | None:
    """A batch, or None for one with nothing about who is who: most, so they are not decoded."""
    return _batch(payload) if any(says in payload for says in _SAYS) else None


async def on_activities(tx: Tx, batches: Sequence[ActivityBatch | None]) -> None:
    """Stitch what the batches tell, in stream order."""
    if found := clues(batch for batch in batches if batch is not None):
        await follow(tx, found)


ACTIVITIES = Subscription(ActivityBatch, on_activities, read=heard)
