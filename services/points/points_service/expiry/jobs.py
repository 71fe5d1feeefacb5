"""Time's edge."""

from chassis.jobs import DailyJob
from points_service.expiry.use_cases import expire_due

points_expiry = DailyJob("points_expiry", expire_due)
