"""Tags that change because time passes."""

from chassis.jobs import AnyJob, BackgroundJob, DailyJob
from profile_service.tags import use_cases

JOBS: list[AnyJob] = [
    DailyJob("population_measure", use_cases.measure_population),
    BackgroundJob("tags_review", use_cases.review_due, share=0.1),
    BackgroundJob("tags_back_fill", use_cases.back_fill),
]
