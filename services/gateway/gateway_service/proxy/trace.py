"""One trace from the caller through the gateway into the services."""

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from opentelemetry import context, trace

from chassis import tracing

REQUEST_ID = b"x-request-id"
_TRACEPARENT = re.compile(rb"00-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}")
_REQUEST_ID = re.compile(rb"[A-Za-z0-9_.:-]{1,128}")


@dataclass(frozen=True, slots=True)
class Trace:
    """W3C trace context of a request, and the id it is known by."""

    trace_id: str
    parent: bytes  # `traceparent` for whoever is called next
    request_id: bytes


@contextmanager
def traced(name: str, headers: Mapping[bytes, bytes], *, recorded: bool) -> Iterator[Trace]:
    """Go on with the caller's trace, or begin one.

    Where nobody collects spans only their ids are made: that costs a twentieth of a span.
    """
    if recorded:
        carrier = {"traceparent": headers.get(b"traceparent", b"").decode("latin-1")}
        with tracing.span(name, carrier) as span:
            here = span.get_span_context()
            yield _trace(f"{here.trace_id:032x}", f"{here.span_id:016x}", "01", headers)
        return
    given = _TRACEPARENT.fullmatch(headers.get(b"traceparent", b""))
    fresh = os.urandom(24).hex()
    trace_id, span_id = given[1].decode() if given else fresh[:32], fresh[32:]
    ids = trace.SpanContext(int(trace_id, 16), int(span_id, 16), is_remote=False)
    token = context.attach(trace.set_span_in_context(trace.NonRecordingSpan(ids)))
    try:
        yield _trace(trace_id, span_id, "00", headers)
    finally:
        context.detach(token)


def _trace(trace_id: str, span_id: str, flags: str, headers: Mapping[bytes, bytes]) -> Trace:
    request_id = headers.get(REQUEST_ID, b"")
    if not _REQUEST_ID.fullmatch(request_id):
        request_id = trace_id.encode()
    return Trace(trace_id, f"00-{trace_id}-{span_id}-{flags}".encode(), request_id)
