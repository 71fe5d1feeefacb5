"""What is told about reaching members."""

from campaign_service.reach import use_cases
from chassis.bus import Subscription
from contracts.events import IdentifierLinked, MessageSent
from contracts.gateway_events import ConsentChanged, SuppressionChanged
from contracts.points_events import TagsChanged

SUBSCRIPTIONS = [
    Subscription(ConsentChanged, use_cases.consents),
    Subscription(IdentifierLinked, use_cases.linked),
    Subscription(SuppressionChanged, use_cases.suppressions),
    Subscription(TagsChanged, use_cases.tags),
    Subscription(MessageSent, use_cases.refused),
]
