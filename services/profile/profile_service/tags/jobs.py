"""Tags that change because time passes."""

from chassis.jobs import DailyJob, TimedJob
from profile_service.tags import use_cases

JOBS: list[DailyJob | TimedJob] = [
    DailyJob("population_measure", use_cases.measure_population),
    TimedJob("tags_review", use_cases.review_due),
]
