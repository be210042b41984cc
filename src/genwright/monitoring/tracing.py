"""Recording traces: OpenTelemetry spans, written to the store when their root ends.

Names and attributes follow OpenTelemetry's semantic conventions for generative AI (``gen_ai.*``).
All spans of a request are one transaction, so recording costs one write to disk per request.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from opentelemetry.context import Context
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor, TracerProvider
from opentelemetry.trace import Span, format_span_id, format_trace_id

from genwright import __version__
from genwright.storage import Database
from genwright.storage import Span as SpanRow
from genwright.types import Principal

Attribute = str | int | float | bool


class Tracing:
    """Records the steps of requests of one principal into one store."""

    def __init__(self, database: Database, principal: Principal) -> None:
        resource = Resource({"service.name": "genwright", "service.version": __version__})
        provider = TracerProvider(resource=resource, shutdown_on_exit=False)
        provider.add_span_processor(_StoreProcessor(database, principal))
        self._tracer = provider.get_tracer("genwright", __version__)

    @contextmanager
    def span(self, name: str, attributes: Mapping[str, Attribute] | None = None) -> Iterator[Span]:
        """One timed step; steps opened inside it are its children. An error marks it and goes on.

        Args:
            name: What is done, as the conventions name it, such as ``chat smollm2-135m-instruct``.
            attributes: What is known at the start; more by ``set_attribute`` on the span.
        """
        with self._tracer.start_as_current_span(name, attributes=attributes) as span:
            yield span


def trace_id(span: Span) -> str:
    """The id of the trace a span belongs to: 32 hexadecimal digits."""
    return format_trace_id(span.get_span_context().trace_id)


class _StoreProcessor(SpanProcessor):
    """Keeps ended spans until their root ends, then writes them together."""

    def __init__(self, database: Database, principal: Principal) -> None:
        self._database, self._principal = database, principal
        self._ended: dict[int, list[ReadableSpan]] = defaultdict(list)

    def on_start(self, span: Span, parent_context: Context | None = None) -> None:
        """Nothing is written for a step that has not ended."""

    def on_end(self, span: ReadableSpan) -> None:
        """Keep it; the root's end writes all."""
        context = span.get_span_context()
        assert context is not None
        self._ended[context.trace_id].append(span)
        if span.parent is None:
            rows = [self._row(each) for each in self._ended.pop(context.trace_id)]
            with self._database.write(self._principal) as session:
                session.add_all(rows)

    def _row(self, span: ReadableSpan) -> SpanRow:
        context = span.get_span_context()
        assert context is not None
        return SpanRow(
            id=format_span_id(context.span_id),
            trace_id=format_trace_id(context.trace_id),
            parent_id=format_span_id(span.parent.span_id) if span.parent else "",
            owner=self._principal.name,
            name=span.name,
            start_ns=span.start_time or 0,
            end_ns=span.end_time or 0,
            status=span.status.status_code.name.lower(),
            attributes=dict(span.attributes or {}),
        )
