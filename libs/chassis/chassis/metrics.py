"""Prometheus series every service has; `/metrics` serves them."""

from prometheus_client import Counter, Gauge, Histogram

REQUESTS = Counter("huiyuan_requests_total", "HTTP requests", ["service", "method", "status"])
SECONDS = Histogram(
    "huiyuan_request_seconds",
    "HTTP request time",
    ["service", "method"],
    buckets=(0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10),
)
OUTBOX_LAG = Gauge(
    "huiyuan_outbox_unpublished", "outbox rows the relay has yet to send", ["service"]
)
CONSUMED = Counter("huiyuan_events_consumed_total", "events applied", ["service", "subject"])
DEAD = Counter("huiyuan_dead_letters_total", "events put aside", ["service", "subject"])
JOB_SECONDS = Histogram("huiyuan_job_seconds", "time a job took", ["service", "job"])
