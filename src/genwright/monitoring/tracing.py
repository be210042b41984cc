"""Recording traces: OpenTelemetry spans, written to the store when the last of a request ends.

Names and attributes follow OpenTelemetry's semantic conventions for generative AI (``gen_ai.*``).
All spans of a request are one transaction, so recording costs one write to disk per request.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from copy import copy
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
from genwright.monitoring.writer import BackgroundWriter, EndedSpan, Write, write_at_once
from genwright.privacy.redaction import Redact, redact_attributes
from genwright.storage import Database
from genwright.types import Principal

Attribute = str | int | float | bool

_OWNER: ContextVar[str] = ContextVar("genwright_owner", default="")
"""On whose behalf the present step is."""


class Tracing:
    """Records the steps of requests into one store.

    Args:
        database: The store.
        principal: Whose requests; ``acting_for`` gives one for somebody else.
        background: Write from a thread, so that no request waits for the disk; then close it.
        redact: Applied to every text before it is kept or exported.
        processors: Get the spans too, such as an export to a collector.
    """

    def __init__(
        self,
        database: Database,
        principal: Principal,
        *,
        background: bool = False,
        redact: Redact | None = None,
        processors: Sequence[SpanProcessor] = (),
    ) -> None:
        self.principal = principal
        resource = Resource({"service.name": "genwright", "service.version": __version__})
        # Not what OTEL_TRACES_SAMPLER says: an answer names its trace, so the trace must be there.
        self._provider = TracerProvider(ALWAYS_ON, resource, shutdown_on_exit=False)
        self._writer = BackgroundWriter(database) if background else None
        write = self._writer or write_at_once(database)
        self._provider.add_span_processor(_Recorder(write, redact))
        for each in processors:
            self._provider.add_span_processor(each)
        self._tracer = self._provider.get_tracer("genwright", __version__)

    def act_for(self, principal: Principal) -> "Tracing":
        """The same recorder for somebody else's requests."""
        other = copy(self)
        other.principal = principal
        return other

    def flush(self) -> None:
        """Wait until the traces that ended so far can be read."""
        if self._writer is not None:
            self._writer.flush()

    def close(self) -> None:
        """Write and export what waits."""
        self._provider.shutdown()
        if self._writer is not None:
            self._writer.close()

    @contextmanager
    def start_span(
        self, name: str, attributes: Mapping[str, Attribute] | None = None
    ) -> Iterator[Span]:
        """One timed step; steps opened inside it are its children. An error marks it and goes on.

        Args:
            name: What is done, as the conventions name it, such as ``chat smollm2-135m-instruct``.
            attributes: What is known at the start; more by ``set_attribute`` on the span.
        """
        # A stream that was closed late leaves an ended step current: what follows is no part of it.
        context = None if get_current_span().is_recording() else Context()
        before = _OWNER.get()
        _OWNER.set(self.principal.name)
        try:
            with self._tracer.start_as_current_span(name, context, attributes=attributes) as span:
                try:
                    yield span
                except Exception as error:
                    span.set_attribute("error.type", type(error).__qualname__)
                    span.set_attribute("error.message", str(error))
                    raise
        finally:
            _OWNER.set(before)  # not by a token: a stream may be closed in another context


def find_outermost() -> Span:
    """The step that whatever is opened now is inside of; one that records nothing where none is."""
    return get_current_span()


def read_trace_id(span: Span) -> str:
    """The id of the trace a span belongs to: 32 hexadecimal digits."""
    return format_trace_id(span.get_span_context().trace_id)


class _Recorder(SpanProcessor):
    """Keeps ended spans until none of their trace are open, then hands them to the writer."""

    def __init__(self, write: Write, redact: Redact | None) -> None:
        self._write, self._redact, self._lock = write, redact, Lock()
        self._open: Counter[int] = Counter()
        self._owners: dict[int, str] = {}
        self._ended: dict[int, list[ReadableSpan]] = defaultdict(list)

    def on_start(self, span: Span, parent_context: Context | None = None) -> None:
        """Count it: a stream that is closed late may end after its root."""
        trace = span.get_span_context().trace_id
        with self._lock:
            self._open[trace] += 1
            self._owners.setdefault(trace, _OWNER.get())

    def on_end(self, span: ReadableSpan) -> None:
        """Keep it; the last one that ends writes all."""
        trace = _get_context(span).trace_id
        with self._lock:
            self._ended[trace].append(span)
            self._open[trace] -= 1
            if self._open[trace]:
                return
            del self._open[trace]
            spans, owner = self._ended.pop(trace), self._owners.pop(trace)
        ours = {_get_context(each).span_id for each in spans}
        self._write([self._build_span(each, ours, owner) for each in spans])

    def _build_span(self, span: ReadableSpan, ours: set[int], owner: str) -> EndedSpan:
        context, parent = _get_context(span), span.parent
        # A program that calls genwright may have a trace of its own: our outermost is our root.
        inside = parent is not None and parent.span_id in ours
        return EndedSpan(
            id=format_span_id(context.span_id),
            trace_id=format_trace_id(context.trace_id),
            parent_id=format_span_id(parent.span_id) if parent and inside else "",
            owner=owner,
            name=span.name,
            start_ns=span.start_time or 0,
            end_ns=span.end_time or 0,
            status=span.status.status_code.name.lower(),
            attributes=redact_attributes(span.attributes or {}, self._redact),
        )


def _get_context(span: ReadableSpan) -> SpanContext:
    context = span.get_span_context()
    assert context is not None  # only a span that was never started has none
    return context
