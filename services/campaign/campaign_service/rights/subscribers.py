"""What the gateway tells about rights and consents."""

from campaign_service.rights import repository
from campaign_service.rights.use_cases import changed
from chassis.bus import Subscription
from chassis.rights import Rights
from contracts.gateway_events import ConsentChanged

RIGHTS = Rights("campaign", repository.HOLDS, repository.erase, repository.object_to)
SUBSCRIPTIONS = [RIGHTS.subscription, Subscription(ConsentChanged, changed)]
