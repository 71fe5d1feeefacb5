"""Birthday: told the day before, or late when it becomes known late."""

from collections.abc import Iterable
from datetime import timedelta

from campaign_service.triggers.domain import Fired, Midnight, Rule, Wait
from contracts.campaign.triggers import BirthdayTrigger
from contracts.events import BirthdaysAnnounced


def match(
    trigger: BirthdayTrigger, event: BirthdaysAnnounced, midnight: Midnight
) -> Iterable[Fired]:
    """The occasion is the birthday, so that there is one a year; it is asked for on the day that
    the plan says, or at once if that has begun."""
    day = midnight(event.day)
    due_at = midnight(event.day - timedelta(days=trigger.days_before))
    for member in event.members:
        yield Fired(member, day, {}, Wait(due_at))


RULE = Rule("birthday", BirthdaysAnnounced, match)
