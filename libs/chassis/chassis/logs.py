"""structlog as JSON lines on stdout, each with its trace; bodies and values are never logged."""

import logging
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog
from opentelemetry import trace

log: Any = structlog.get_logger()


def _with_trace(
    _logger: object, _name: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    context = trace.get_current_span().get_span_context()
    if context.is_valid:
        event["trace_id"] = f"{context.trace_id:032x}"
    return event


def _without_values(
    _logger: object, _name: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """An exception's message may quote a row or a body: keep its type and place only."""
    error = event.pop("exc_info", None)
    if error:
        kind, _value, trail = sys.exc_info() if error is True else error
        places = []
        while trail is not None:
            code = trail.tb_frame.f_code
            places.append(f"{code.co_filename.rsplit('/', 2)[-1]}:{trail.tb_lineno} {code.co_name}")
            trail = trail.tb_next
        event["exception"] = getattr(kind, "__name__", str(kind))
        event["at"] = places[-6:]
    return event


def configure(service: str, level: str) -> None:
    """Set up logging for a process."""
    logging.basicConfig(level=logging.WARNING, stream=sys.stdout, format="%(message)s")
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso"),
            _with_trace,
            _without_values,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level)),
        cache_logger_on_first_use=True,
    )
    structlog.contextvars.bind_contextvars(service=service)
