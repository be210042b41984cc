"""Export by OTLP over HTTP, to whichever collector a team has: traces and metrics.

https://opentelemetry.io/docs/specs/otlp/. The package is in the extra ``otlp``.
"""

from collections.abc import Callable, Iterable, Sequence
from types import ModuleType
from typing import TYPE_CHECKING, Any

from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.trace import Status

from genwright import __version__, extras
from genwright.privacy.redaction import Redact, redact_attributes

if TYPE_CHECKING:
    from opentelemetry.metrics import CallbackOptions, Observation

    from genwright.monitoring.metrics import Metrics


def build_span_processor(endpoint: str, redact: Redact | None = None) -> SpanProcessor:
    """What sends ended spans to a collector, in batches from a thread.

    Args:
        endpoint: Such as ``http://localhost:4318``; ``/v1/traces`` is put behind it.
        redact: Applied to every text.

    Raises:
        MissingDependency: The extra ``otlp`` is not installed.
    """
    exporter = _import_package("trace_exporter").OTLPSpanExporter(
        f"{endpoint.rstrip('/')}/v1/traces"
    )
    return BatchSpanProcessor(_RedactingExporter(exporter, redact))


class MetricExport:
    """Sends metrics to a collector each minute: Prometheus' counts and gauges, under their names.

    Beside them go the names of OpenTelemetry's conventions for generative AI
    (``gen_ai.server.request.duration``, ``gen_ai.server.time_to_first_token``,
    ``gen_ai.server.time_per_output_token``, ``gen_ai.client.token.usage``) as histograms of their
    own, recorded as requests end.

    Args:
        metrics: What is counted.
        endpoint: Such as ``http://localhost:4318``; ``/v1/metrics`` is put behind it.
        seconds: Between two exports.
    """

    def __init__(self, metrics: "Metrics", endpoint: str, seconds: float = 60) -> None:
        from opentelemetry.sdk.metrics import MeterProvider
        from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
        from opentelemetry.sdk.resources import Resource

        where = f"{endpoint.rstrip('/')}/v1/metrics"
        exporter = _import_package("metric_exporter").OTLPMetricExporter(where)
        reader = PeriodicExportingMetricReader(exporter, export_interval_millis=seconds * 1000)
        resource = Resource({"service.name": "genwright", "service.version": __version__})
        self._provider = MeterProvider([reader], resource, shutdown_on_exit=False)
        meter = self._provider.get_meter("genwright", __version__)
        self._metrics = metrics
        for family in metrics.registry.collect():
            if family.type in ("counter", "gauge"):
                make: Any = (
                    meter.create_observable_counter
                    if family.type == "counter"
                    else meter.create_observable_gauge
                )
                name = family.name.replace(":", ".")  # OpenTelemetry's names have no colon
                make(name, [self._make_reader(family.name)], description=family.documentation)
        metrics.listen(_GenAIRecorder(meter))

    def close(self) -> None:
        """Send what there is, and end."""
        self._provider.shutdown()

    def _make_reader(self, name: str) -> "Callable[[CallbackOptions], Iterable[Observation]]":
        from opentelemetry.metrics import Observation

        def read(options: "CallbackOptions") -> "Iterable[Observation]":
            for family in self._metrics.registry.collect():
                if family.name == name:
                    for sample in family.samples:
                        if not sample.name.endswith("_created"):
                            yield Observation(sample.value, dict(sample.labels))

        return read


class _GenAIRecorder:
    """Records under the names of the conventions."""

    def __init__(self, meter: Any) -> None:  # noqa: ANN401 - no public name for a meter
        self._duration = meter.create_histogram("gen_ai.server.request.duration", "s")
        self._first = meter.create_histogram("gen_ai.server.time_to_first_token", "s")
        self._token = meter.create_histogram("gen_ai.server.time_per_output_token", "s")
        self._usage = meter.create_histogram("gen_ai.client.token.usage", "{token}")

    def __call__(
        self, model: str, total: float, first: float, each: float, tokens: tuple[int, int]
    ) -> None:
        known = {
            "gen_ai.operation.name": "chat",
            "gen_ai.provider.name": "genwright",
            "gen_ai.request.model": model,
        }
        self._duration.record(total, known)
        if first:
            self._first.record(first, known)
        if each:
            self._token.record(each, known)
        for kind, number in zip(("input", "output"), tokens, strict=True):
            self._usage.record(number, known | {"gen_ai.token.type": kind})


class _RedactingExporter(SpanExporter):
    """Redacts the texts of spans before another exporter sees them."""

    def __init__(self, exporter: SpanExporter, redact: Redact | None) -> None:
        self._exporter, self._redact = exporter, redact

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Hand copies on."""
        return self._exporter.export([self._copy(span) for span in spans])

    def shutdown(self) -> None:
        """End the other."""
        self._exporter.shutdown()

    def _redact_text(self, text: str | None) -> str | None:
        return self._redact(text) if text and self._redact else text

    def _copy(self, span: ReadableSpan) -> ReadableSpan:
        if self._redact is None:
            return span
        # Events and links are left out: the only events are exceptions with their tracebacks.
        return ReadableSpan(
            name=span.name,
            context=span.context,
            parent=span.parent,
            resource=span.resource,
            attributes=redact_attributes(span.attributes or {}, self._redact),  # type: ignore[arg-type]
            kind=span.kind,
            # The SDK puts what an exception said into the description.
            status=Status(span.status.status_code, self._redact_text(span.status.description)),
            start_time=span.start_time,
            end_time=span.end_time,
            instrumentation_scope=span.instrumentation_scope,
        )


def _import_package(part: str) -> ModuleType:
    name = f"opentelemetry.exporter.otlp.proto.http.{part}"
    return extras.need(name, extra="otlp", why="Exporting to a collector")
