"""OpenTelemetry over HTTP and NATS: W3C `traceparent` in, spans around edges, `traceparent` out."""

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from opentelemetry import context, propagate, trace
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

_tracer = trace.get_tracer("huiyuan")
_TRACEPARENT = re.compile(r"00-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}")


def configure(service: str, endpoint: str) -> None:
    """Have the process record spans, if a collector is named that they go to."""
    if endpoint:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415

        provider = TracerProvider(resource=Resource.create({"service.name": service}))
        provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=endpoint)))
        trace.set_tracer_provider(provider)


@contextmanager
def span(name: str, carrier: Mapping[str, str] | None = None) -> Iterator[trace.Span]:
    """A span, continuing the trace in `carrier` (HTTP or NATS headers) if there is one.

    Where nobody collects spans only their ids are made: that costs a twentieth of a span.
    """
    if isinstance(trace.get_tracer_provider(), TracerProvider):
        parent = propagate.extract(carrier) if carrier else None
        with _tracer.start_as_current_span(name, context=parent) as current:
            yield current
        return
    bare = trace.NonRecordingSpan(_ids(carrier or {}))
    token = context.attach(trace.set_span_in_context(bare))
    try:
        yield bare
    finally:
        context.detach(token)


def _ids(carrier: Mapping[str, str]) -> trace.SpanContext:
    fresh = os.urandom(24)
    given = _TRACEPARENT.fullmatch(carrier.get("traceparent", ""))
    trace_id = int(given[1], 16) if given else trace.get_current_span().get_span_context().trace_id
    return trace.SpanContext(
        trace_id or int.from_bytes(fresh[:16], "big"),
        int.from_bytes(fresh[16:], "big"),
        is_remote=False,
    )


def trace_id() -> str | None:
    """The current trace as 32 hex digits, or None outside a span."""
    here = trace.get_current_span().get_span_context()
    return f"{here.trace_id:032x}" if here.is_valid else None


def headers() -> dict[str, str]:
    """`traceparent` of the current span, to send along."""
    carrier: dict[str, str] = {}
    propagate.inject(carrier)
    return carrier
