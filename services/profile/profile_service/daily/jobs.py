"""At midnight, how everybody stands is told."""

from chassis.jobs import AnyJob, DailyJob
from profile_service.daily import use_cases

JOBS: list[AnyJob] = [DailyJob("daily_figures", use_cases.tell)]
