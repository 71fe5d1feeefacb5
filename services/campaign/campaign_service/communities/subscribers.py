"""What communities hear."""

from campaign_service.communities import use_cases
from chassis.bus import Subscription
from contracts.points_events import GrowthGained, ReferralRewarded

SUBSCRIPTIONS = [
    Subscription(ReferralRewarded, use_cases.on_rewarded),
    Subscription(GrowthGained, use_cases.on_gained),
]
