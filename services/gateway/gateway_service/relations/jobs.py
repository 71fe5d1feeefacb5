"""Every midnight."""

from chassis.jobs import DailyJob
from gateway_service.relations.use_cases import forget_grown_ups


def grown_ups_forgotten() -> DailyJob:
    """Members who turned fourteen last month."""
    return DailyJob("grown_ups_forgotten", forget_grown_ups)
