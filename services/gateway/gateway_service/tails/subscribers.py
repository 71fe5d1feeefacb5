"""identity tells which identifiers are whose, those with a tail sealed."""

from chassis.bus import Subscription
from contracts.events import IdentifierLinked
from gateway_service.tails.use_cases import Tails


def on_linked(tails: Tails) -> Subscription:
    """An identifier got its owner."""
    return Subscription(IdentifierLinked, tails.learn)
