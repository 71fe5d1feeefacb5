"""Time's edge."""

from chassis.jobs import DailyJob
from points_service.paid_memberships.use_cases import announce

renewal_notice = DailyJob("renewal_notice", announce)
