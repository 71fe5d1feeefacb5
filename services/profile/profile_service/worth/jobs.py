"""Values are reckoned when forecasts or terms are new, and kept on the first of a month."""

from chassis.jobs import AnyJob, BackgroundJob, DailyJob
from profile_service.worth import use_cases

JOBS: list[AnyJob] = [
    BackgroundJob("worth", use_cases.reckon_waiting),
    DailyJob("worth_month", use_cases.close_month),
]
