"""What campaign waits for."""

from chassis.bus import Subscription
from contracts.behaviour import WatchesChanged
from profile_service.watches import use_cases

SUBSCRIPTIONS = [Subscription(WatchesChanged, use_cases.follow)]
