"""What surveys hear."""

from collections.abc import Sequence

from campaign_service import following
from campaign_service.surveys import use_cases
from campaign_service.surveys.repository import TABLES
from chassis.bus import Subscription
from chassis.database import Tx
from contracts.events import MembersMerged, OrdersRecorded
from contracts.points_events import BenefitApplied


async def on_orders(tx: Tx, events: Sequence[OrdersRecorded]) -> None:
    """Purchases."""
    await use_cases.after_orders(tx, [order for event in events for order in event.orders])


async def on_benefits(tx: Tx, events: Sequence[BenefitApplied]) -> None:
    """A benefit that was asked for and given is a service."""
    served = [(each.application_id, each.member_id) for each in events
              if each.status == "fulfilled"]  # fmt: skip
    await use_cases.after_service(tx, served)


async def on_merged(tx: Tx, events: Sequence[MembersMerged]) -> None:
    """Invitations and answers go with the person."""
    await following.follow(tx, TABLES, [event.absorbed_id for event in events])


on_sent = use_cases.on_sent
on_reported = use_cases.on_reported
SUBSCRIPTIONS = [Subscription(BenefitApplied, on_benefits)]
