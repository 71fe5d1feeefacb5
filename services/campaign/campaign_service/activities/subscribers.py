"""What activities hear."""

from collections.abc import Sequence

from campaign_service.activities import repository
from chassis.database import Tx
from contracts.events import MembersMerged


async def on_merged(tx: Tx, events: Sequence[MembersMerged]) -> None:
    """Places and votes go with the person."""
    await repository.follow(tx, [event.absorbed_id for event in events])
