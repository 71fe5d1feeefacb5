"""What deliveries hear."""

from campaign_service.deliveries import use_cases
from chassis.bus import Subscription
from contracts.events import MessageSent

SUBSCRIPTIONS = [Subscription(MessageSent, use_cases.record_answers)]
on_merged = use_cases.follow_merges
