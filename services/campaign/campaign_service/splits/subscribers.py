"""What splits hear."""

from campaign_service.splits import use_cases
from chassis.bus import Subscription
from contracts.events import MembersSplit

SUBSCRIPTIONS = [Subscription(MembersSplit, use_cases.follow)]
