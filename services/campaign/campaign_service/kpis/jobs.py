"""Days that are over are written on the next tick; on Mondays the week is."""

from campaign_service.kpis import reporting, use_cases
from chassis.jobs import AnyJob, DailyJob, TimedJob

JOBS: list[AnyJob] = [
    TimedJob("kpis", use_cases.close), DailyJob("kpi_report", reporting.keep_week)
]  # fmt: skip
