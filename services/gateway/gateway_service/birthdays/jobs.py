"""Every midnight."""

from chassis.jobs import DailyJob
from gateway_service.birthdays.use_cases import Birthdays


def birthdays_announced(birthdays: Birthdays) -> DailyJob:
    """Announce tomorrow's; midnights that were missed are made up for, in order."""
    return DailyJob("birthdays_announced", birthdays.announce)
