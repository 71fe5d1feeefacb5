"""Collected behaviour, heard from the bus."""

from collections.abc import Sequence

import msgspec

from chassis.bus import Subscription
from chassis.database import Tx
from contracts.events import ActivityBatch
from identity_service.identifiers.owners import Owners
from identity_service.resolution.domain import TELLING, clues
from identity_service.resolution.use_cases import follow

_SAYS = tuple(f'"type":"{kind}"'.encode() for kind in sorted(TELLING))  # as msgspec writes it
_batch = msgspec.json.Decoder(ActivityBatch).decode


def heard(payload: bytes) -> ActivityBatch | None:
    """A batch, or None for one with nothing about who is who: most, so they are not decoded."""
    return _batch(payload) if any(says in payload for says in _SAYS) else None


def subscription(owners: Owners) -> Subscription:
    """Stitches what batches tell, in stream order."""

    async def collected(tx: Tx, batches: Sequence[ActivityBatch | None]) -> None:
        if found := clues(batch for batch in batches if batch is not None):
            await follow(tx, owners, found)

    return Subscription(ActivityBatch, collected, read=heard)
