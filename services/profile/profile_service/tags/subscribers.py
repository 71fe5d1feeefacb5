"""What tags hear."""

from collections.abc import Sequence

from chassis.bus import Subscription
from chassis.database import Tx
from contracts.campaign.journey_events import MembersTagged
from profile_service.tags import use_cases


async def on_tagged(tx: Tx, events: Sequence[MembersTagged]) -> None:
    """Journeys tag members."""
    await use_cases.pin_all(tx, events)


SUBSCRIPTIONS = [Subscription(MembersTagged, on_tagged)]
