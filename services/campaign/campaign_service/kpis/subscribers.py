"""What the board hears. Deliveries, audiences and surveys have heard of it before."""

from collections.abc import Sequence

from campaign_service import following
from campaign_service.kpis import use_cases
from campaign_service.kpis.repository import TABLES
from chassis.bus import Subscription
from chassis.database import Tx
from contracts.daily_figures import DailyFigures
from contracts.events import MembersMerged, MessageSent, OrdersRecorded
from contracts.gateway_events import MessageReported


async def on_orders(tx: Tx, events: Sequence[OrdersRecorded]) -> None:
    """Purchases."""
    await use_cases.note_orders(tx, [order for event in events for order in event.orders])


async def on_sent(tx: Tx, events: Sequence[MessageSent]) -> None:
    """Contacts."""
    await use_cases.note_contacts(tx, [event.delivery_id for event in events])


async def on_reported(tx: Tx, events: Sequence[MessageReported]) -> None:
    """Contacts that were none."""
    await use_cases.note_contacts(tx, [event.delivery_id for event in events])


async def on_merged(tx: Tx, events: Sequence[MembersMerged]) -> None:
    """Orders and contacts go with the person."""
    absorbed = [event.absorbed_id for event in events]
    await following.follow(tx, TABLES, absorbed)
    await use_cases.write_again(tx, absorbed)


on_refunds = use_cases.note_refunds
SUBSCRIPTIONS = [Subscription(DailyFigures, use_cases.note_figures)]
