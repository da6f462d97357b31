"""OpenTelemetry: a span for each call, an event for each request. Imported only for tracing=True."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from .._version import __version__
from ..errors import ConfigurationError, CVSError
from ..stats import Event
from .call_state import CallState

try:
    from opentelemetry import trace
except ImportError:
    raise ConfigurationError("tracing=True needs OpenTelemetry: pip install 'cvs_async[otel]'") from None


class Spans:
    """Creates spans with the current tracer provider. They contain no documents, URLs or credentials."""

    def __init__(self) -> None:
        self._tracer = trace.get_tracer("cvs_async", __version__)

    @contextmanager
    def call(self, call: CallState) -> Iterator[None]:
        """Open the span of a call, with an event for each of its requests."""
        with self._tracer.start_as_current_span(
            f"cvs {call.operation}",
            kind=trace.SpanKind.CLIENT,
            attributes={"cvs.operation": call.operation},
            record_exception=False,  # its causes, from other libraries, may quote URLs
            set_status_on_exception=False,
        ) as span:

            def add(event: Event) -> None:
                if span.is_recording():  # False if the request outlives its call
                    span.add_event("attempt", _attributes(event))
                    span.set_attributes({"cvs.attempts": event.attempt, "cvs.charge": event.charge})

            call.observers = (*call.observers, add)
            try:
                yield
            except CVSError as error:
                kind = type(error).__name__
                span.set_attributes({"error.type": kind, "cvs.attempts": error.attempts, "cvs.charge": error.charge})
                span.set_status(trace.StatusCode.ERROR, kind)
                raise


def _attributes(event: Event) -> dict[str, str | int | float | bool]:
    attributes: dict[str, str | int | float | bool] = {
        "cvs.attempt": event.attempt,
        "cvs.charge": event.charge,
        "cvs.seconds": event.seconds,
    }
    if event.http_status is not None:
        attributes["http.response.status_code"] = event.http_status
    if event.error is not None:
        attributes["error.type"] = event.error
    return attributes
