"""What others found wrong with data."""

from chassis.bus import Subscription
from contracts.events import DuplicatesHunted
from contracts.gateway_events import CorrectionsMade, QuarantineChanged
from profile_service.quality import use_cases


def subscriptions() -> list[Subscription]:
    """Who listens to what."""
    return [
        Subscription(QuarantineChanged, use_cases.quarantine_changed),
        Subscription(CorrectionsMade, use_cases.corrected),
        Subscription(DuplicatesHunted, use_cases.hunted),
    ]
