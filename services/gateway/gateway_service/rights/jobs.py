"""The clock of requests."""

from chassis.jobs import DailyJob
from gateway_service.rights.use_cases import watch

rights_watched = DailyJob("rights_watched", watch)
