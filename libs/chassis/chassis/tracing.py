"""OpenTelemetry over HTTP and NATS: W3C `traceparent` in, spans around edges, `traceparent` out."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from opentelemetry import propagate, trace
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

_tracer = trace.get_tracer("huiyuan")


def configure(service: str, endpoint: str) -> None:
    """Give the process a tracer; spans leave it only where a collector is named."""
    provider = TracerProvider(resource=Resource.create({"service.name": service}))
    if endpoint:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415

        provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=endpoint)))
    trace.set_tracer_provider(provider)


@contextmanager
def span(name: str, carrier: Mapping[str, str] | None = None) -> Iterator[trace.Span]:
    """A span, continuing the trace in `carrier` (HTTP or NATS headers) if there is one."""
    context = propagate.extract(carrier) if carrier else None
    with _tracer.start_as_current_span(name, context=context) as current:
        yield current


def trace_id() -> str | None:
    """The current trace as 32 hex digits, or None outside a span."""
    context = trace.get_current_span().get_span_context()
    return f"{context.trace_id:032x}" if context.is_valid else None


def headers() -> dict[str, str]:
    """`traceparent` of the current span, to send along."""
    carrier: dict[str, str] = {}
    propagate.inject(carrier)
    return carrier
