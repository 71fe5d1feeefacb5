"""What audiences hear."""

from campaign_service.audiences import use_cases
from chassis.bus import Subscription
from contracts.events import MemberRegistered
from contracts.segments import SegmentLeft

SUBSCRIPTIONS = [
    Subscription(MemberRegistered, use_cases.register),
    Subscription(SegmentLeft, use_cases.leave),
]
on_orders = use_cases.fold_orders
on_merged = use_cases.merge
