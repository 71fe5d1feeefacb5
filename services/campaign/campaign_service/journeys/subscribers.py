"""What journeys hear."""

from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import Any

from campaign_service.journeys import repository, running, signals, use_cases
from campaign_service.journeys.domain import Signal
from chassis.bus import Subscription
from chassis.clock import PROGRAM_ZONE
from chassis.database import Tx
from contracts.behaviour import BehaviourSeen
from contracts.campaign.responses import LinkClicked, MessageOpened
from contracts.events import (
    BirthdaysAnnounced,
    MemberRegistered,
    MessageSent,
    OrderRefunded,
    OrdersRecorded,
    TierChanged,
)
from contracts.gateway_events import ConsentChanged, MessageReported
from contracts.points_events import ChurnRiskRaised, PointsExpiring, ReferralRewarded
from contracts.segments import SegmentEntered, SegmentLeft

Handler = Callable[[Tx, Sequence[Any]], Awaitable[None]]


def _hearing(of: Callable[[Any], Iterator[Signal]]) -> Handler:
    async def handle(tx: Tx, events: Sequence[Any]) -> None:
        await running.hear(tx, [each for event in events for each in of(event)])

    return handle


async def on_churn(tx: Tx, events: Sequence[ChurnRiskRaised]) -> None:
    """Who has become likely to stay away."""
    await running.hear(tx, [each for event in events for each in signals.of_churn(event, tx.now)])


async def on_expiring(tx: Tx, events: Sequence[PointsExpiring]) -> None:
    """Whose points go soon."""
    told = [each for event in events for each in signals.of_expiring(event, tx.now)]
    await running.hear(tx, told)


async def on_birthdays(tx: Tx, events: Sequence[BirthdaysAnnounced]) -> None:
    """Whose birthday it is."""
    told = [each for event in events for each in signals.of_birthdays(event, PROGRAM_ZONE)]
    await running.hear(tx, told)


async def on_sent(tx: Tx, events: Sequence[MessageSent]) -> None:
    """The gateway sent or refused."""
    await _on_messages(
        tx, [(event.delivery_id, event.status, event.sent_at or tx.now) for event in events]
    )


async def on_reported(tx: Tx, events: Sequence[MessageReported]) -> None:
    """Messages arrived, or did not."""
    await _on_messages(
        tx, [(event.delivery_id, event.status, event.reported_at or tx.now) for event in events]
    )


async def on_opened(tx: Tx, events: Sequence[MessageOpened]) -> None:
    """Members looked at messages."""
    await _on_messages(tx, [(event.delivery_id, "opened", event.opened_at) for event in events])


async def on_clicked(tx: Tx, events: Sequence[LinkClicked]) -> None:
    """Members followed links."""
    await _on_messages(tx, [(event.delivery_id, "clicked", event.clicked_at) for event in events])


async def _on_messages(tx: Tx, states: signals.States) -> None:
    messages = await repository.messages(tx, [delivery_id for delivery_id, _, _ in states])
    await running.hear(tx, list(signals.of_messages(states, messages)))


on_merged = use_cases.follow_merges
SUBSCRIPTIONS = [  # after what other features make of the same events
    Subscription(MemberRegistered, _hearing(signals.of_registered)),
    Subscription(OrdersRecorded, _hearing(signals.of_orders)),
    Subscription(TierChanged, _hearing(signals.of_tier)),
    Subscription(SegmentEntered, _hearing(signals.of_segment)),
    Subscription(SegmentLeft, _hearing(signals.of_segment)),
    Subscription(ConsentChanged, _hearing(signals.of_consent)),
    Subscription(ReferralRewarded, _hearing(signals.of_referral)),
    Subscription(MessageSent, on_sent),
    Subscription(MessageReported, on_reported),
    Subscription(MessageOpened, on_opened),
    Subscription(LinkClicked, on_clicked),
    Subscription(BehaviourSeen, _hearing(signals.of_behaviour)),
    Subscription(OrderRefunded, _hearing(signals.of_refund)),
    Subscription(ChurnRiskRaised, on_churn),
    Subscription(PointsExpiring, on_expiring),
    Subscription(BirthdaysAnnounced, on_birthdays),
]
