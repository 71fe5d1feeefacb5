"""identity tells birthdays, sealed."""

from chassis.bus import Subscription
from contracts.events import BirthdaysKnown
from gateway_service.birthdays.use_cases import Birthdays


def on_birthdays(birthdays: Birthdays) -> Subscription:
    """Members' birthdays are known or other than before."""
    return Subscription(BirthdaysKnown, birthdays.learn)
