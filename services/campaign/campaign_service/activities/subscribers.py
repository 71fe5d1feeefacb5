"""What activities hear."""

from collections.abc import Sequence

from campaign_service import following
from campaign_service.activities import use_cases
from chassis.database import Tx
from contracts.events import MembersMerged


async def on_merged(tx: Tx, events: Sequence[MembersMerged]) -> None:
    """Places and votes go with the person."""
    await following.follow(tx, use_cases.TABLES, [event.absorbed_id for event in events])
