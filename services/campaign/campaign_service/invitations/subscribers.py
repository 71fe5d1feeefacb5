"""What invitations hear."""

from collections.abc import Sequence

from campaign_service import following
from campaign_service.invitations.repository import TABLES
from chassis.database import Tx
from contracts.events import MembersMerged


async def on_merged(tx: Tx, events: Sequence[MembersMerged]) -> None:
    """Pages and guests go with the person."""
    await following.follow(tx, TABLES, [event.absorbed_id for event in events])
