"""What audiences hear."""

from campaign_service.audiences import use_cases
from chassis.bus import Subscription
from contracts.events import MemberRegistered

SUBSCRIPTIONS = [Subscription(MemberRegistered, use_cases.register)]
on_orders = use_cases.fold_orders
on_merged = use_cases.merge
