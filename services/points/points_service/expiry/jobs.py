"""Time's edge. In this order at a midnight: what is past its date cannot depreciate."""

from chassis.jobs import DailyJob
from points_service.expiry.use_cases import announce, depreciate, expire_due

points_expiry = DailyJob("points_expiry", expire_due)
points_depreciation = DailyJob("points_depreciation", depreciate)
points_announcement = DailyJob("points_announcement", announce)
