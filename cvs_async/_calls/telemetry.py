"""OpenTelemetry: one span a call, one event a request. Only imported where a client is made with tracing=True."""

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
    """Makes spans with the tracer provider of this moment. They hold no contents, addresses or credentials."""

    def __init__(self) -> None:
        self._tracer = trace.get_tracer("cvs_async", __version__)

    @contextmanager
    def call(self, call: CallState) -> Iterator[None]:
        """Open the span of one call; each of its requests becomes an event of it."""
        with self._tracer.start_as_current_span(
            f"cvs {call.operation}",
            kind=trace.SpanKind.CLIENT,
            attributes={"cvs.operation": call.operation},
            record_exception=False,  # its causes are other libraries' and may quote addresses
            set_status_on_exception=False,
        ) as span:

            def add(event: Event) -> None:
                if span.is_recording():  # not so where the request outlived its call
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
