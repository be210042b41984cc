"""Recording traces: OpenTelemetry spans, written to the store when the last of a request ends.

Names and attributes follow OpenTelemetry's semantic conventions for generative AI (``gen_ai.*``).
All spans of a request are one transaction, so recording costs one write to disk per request.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from threading import Lock

from opentelemetry.context import Context
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.sampling import ALWAYS_ON
from opentelemetry.trace import (
    Span,
    SpanContext,
    format_span_id,
    format_trace_id,
    get_current_span,
)

from genwright import __version__
from genwright.storage import Database
from genwright.storage import Span as SpanRow
from genwright.types import Principal

Attribute = str | int | float | bool


class Tracing:
    """Records the steps of requests of one principal into one store."""

    def __init__(self, database: Database, principal: Principal) -> None:
        resource = Resource({"service.name": "genwright", "service.version": __version__})
        # Not what OTEL_TRACES_SAMPLER says: an answer names its trace, so the trace must be there.
        provider = TracerProvider(ALWAYS_ON, resource, shutdown_on_exit=False)
        provider.add_span_processor(_StoreProcessor(database, principal))
        self._tracer = provider.get_tracer("genwright", __version__)

    @contextmanager
    def span(self, name: str, attributes: Mapping[str, Attribute] | None = None) -> Iterator[Span]:
        """One timed step; steps opened inside it are its children. An error marks it and goes on.

        Args:
            name: What is done, as the conventions name it, such as ``chat smollm2-135m-instruct``.
            attributes: What is known at the start; more by ``set_attribute`` on the span.
        """
        # A stream that was closed late leaves an ended step current: what follows is no part of it.
        context = None if get_current_span().is_recording() else Context()
        with self._tracer.start_as_current_span(name, context, attributes=attributes) as span:
            try:
                yield span
            except Exception as error:
                span.set_attribute("error.type", type(error).__qualname__)
                span.set_attribute("error.message", str(error))
                raise


def trace_id(span: Span) -> str:
    """The id of the trace a span belongs to: 32 hexadecimal digits."""
    return format_trace_id(span.get_span_context().trace_id)


class _StoreProcessor(SpanProcessor):
    """Keeps ended spans until none of their trace is open, then writes them together."""

    def __init__(self, database: Database, principal: Principal) -> None:
        self._database, self._principal, self._lock = database, principal, Lock()
        self._open: Counter[int] = Counter()
        self._ended: dict[int, list[ReadableSpan]] = defaultdict(list)

    def on_start(self, span: Span, parent_context: Context | None = None) -> None:
        """Count it: a stream that is closed late may end after its root."""
        with self._lock:
            self._open[span.get_span_context().trace_id] += 1

    def on_end(self, span: ReadableSpan) -> None:
        """Keep it; the last one that ends writes all."""
        trace = _context(span).trace_id
        with self._lock:
            self._ended[trace].append(span)
            self._open[trace] -= 1
            if self._open[trace]:
                return
            del self._open[trace]
            spans = self._ended.pop(trace)
        ours = {_context(each).span_id for each in spans}
        with self._database.write(self._principal) as session:
            session.add_all(self._row(each, ours) for each in spans)

    def _row(self, span: ReadableSpan, ours: set[int]) -> SpanRow:
        context, parent = _context(span), span.parent
        # A program that calls genwright may have a trace of its own: our outermost is our root.
        inside = parent is not None and parent.span_id in ours
        return SpanRow(
            id=format_span_id(context.span_id),
            trace_id=format_trace_id(context.trace_id),
            parent_id=format_span_id(parent.span_id) if parent and inside else "",
            owner=self._principal.name,
            name=span.name,
            start_ns=span.start_time or 0,
            end_ns=span.end_time or 0,
            status=span.status.status_code.name.lower(),
            attributes=dict(span.attributes or {}),
        )


def _context(span: ReadableSpan) -> SpanContext:
    context = span.get_span_context()
    assert context is not None  # only a span that was never started has none
    return context
