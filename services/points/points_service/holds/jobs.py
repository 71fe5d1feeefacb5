"""Time's edge."""

from chassis.jobs import TimedJob
from points_service.holds.use_cases import release_due

holds_end = TimedJob("holds_end", release_due)
