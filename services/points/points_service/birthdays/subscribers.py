"""The gateway announces birthdays."""

from chassis.bus import Subscription
from contracts.events import BirthdaysAnnounced
from points_service.birthdays.use_cases import hear

on_birthdays = Subscription(BirthdaysAnnounced, hear)
