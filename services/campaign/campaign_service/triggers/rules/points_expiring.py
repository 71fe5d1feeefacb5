"""Points expiring: told 30 and 7 days ahead."""

from collections.abc import Iterable
from datetime import timedelta

from campaign_service.triggers.domain import Fired, Midnight, Rule, at
from contracts.campaign.triggers import PointsExpiringTrigger
from contracts.points_events import PointsExpiring


def match(
    trigger: PointsExpiringTrigger, event: PointsExpiring, midnight: Midnight
) -> Iterable[Fired]:
    """The occasion is the day of the announcement."""
    if trigger.days_ahead not in (None, event.days_ahead):
        return
    told_on = midnight(event.day - timedelta(days=event.days_ahead))
    for member, points in event.members:
        if points >= trigger.at_least:
            values = {"points": points, "expires_on": str(event.day), "days": event.days_ahead}
            yield at(member, told_on, values)


RULE = Rule("points_expiring", PointsExpiring, match)
