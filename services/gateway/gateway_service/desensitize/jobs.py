"""Every midnight."""

from chassis.jobs import DailyJob
from gateway_service.desensitize.use_cases import forget_reads


def reads_forgotten() -> DailyJob:
    """Counted reads of yesterday."""
    return DailyJob("reads_forgotten", forget_reads)
