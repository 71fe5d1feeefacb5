"""What measurement hears."""

from campaign_service.measurement import use_cases
from chassis.bus import Subscription
from contracts.points_events import CouponRolledBack

on_orders = use_cases.note_orders
on_refunds = use_cases.note_refunds
on_merged = use_cases.follow_merges
SUBSCRIPTIONS = [Subscription(CouponRolledBack, use_cases.note_returns)]
