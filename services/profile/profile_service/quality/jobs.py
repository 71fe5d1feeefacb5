"""Ways of messages are written down as they are seen; reports are kept on Mondays."""

from chassis.jobs import AnyJob, DailyJob, TimedJob
from profile_service.quality.use_cases import Watch


def jobs(watch: Watch) -> list[AnyJob]:
    """What runs by the clock."""
    return [
        TimedJob("quality_delays", watch.write_down), DailyJob("quality_week", watch.keep_week)
    ]  # fmt: skip
