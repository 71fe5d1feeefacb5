"""What decisions hear."""

from collections.abc import Sequence

from campaign_service.audiences import use_cases as audiences
from campaign_service.decisions import use_cases
from campaign_service.decisions.use_cases import Desk
from chassis.bus import Subscription
from chassis.database import Tx
from contracts.events import MessageSent, TierChanged
from contracts.segments import SegmentEntered

on_merged = use_cases.follow_merges


def subscriptions(desk: Desk) -> list[Subscription]:
    """Members who enter an audience, whom some campaigns wait for."""

    async def on_entered(tx: Tx, events: Sequence[SegmentEntered]) -> None:
        await use_cases.entered(tx, desk, await audiences.enter(tx, events))

    async def on_tier(tx: Tx, events: Sequence[TierChanged]) -> None:
        await use_cases.entered(tx, desk, {}, await audiences.change_tiers(tx, events))

    return [Subscription(SegmentEntered, on_entered), Subscription(TierChanged, on_tier)]


def afterwards(desk: Desk) -> list[Subscription]:
    """What could not be sent, once it is known why and what leads to the member."""

    async def on_sent(tx: Tx, events: Sequence[MessageSent]) -> None:
        await use_cases.fall_back(tx, desk, events)

    return [Subscription(MessageSent, on_sent)]
