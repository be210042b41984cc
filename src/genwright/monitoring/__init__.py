"""Monitoring: what happened for each request, as a trace of timed steps kept in the store.

Example:
    >>> import pathlib, tempfile
    >>> from genwright.monitoring import Tracing, read_trace
    >>> from genwright.storage import Database
    >>> from genwright.types import OWNER
    >>> database = Database(pathlib.Path(tempfile.mkdtemp()) / "genwright.db")
    >>> tracing = Tracing(database, OWNER)
    >>> with tracing.start_span("ask") as span:
    ...     span.set_attribute("gen_ai.operation.name", "chat")
    >>> read_trace(database, OWNER, "last").name
    'ask'
    >>> database.close()
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from genwright.monitoring.metrics import Metrics, RequestMetrics
    from genwright.monitoring.series import SeriesRecorder, read_series, record_samples
    from genwright.monitoring.traces import (
        TraceFilter,
        TraceStep,
        TraceSummary,
        find_trace_id,
        list_traces,
        read_trace,
    )
    from genwright.monitoring.tracing import Tracing

_HOMES = {
    "metrics": "Metrics RequestMetrics",
    "series": "SeriesRecorder read_series record_samples",
    "traces": "TraceStep TraceSummary TraceFilter find_trace_id list_traces read_trace",
    "tracing": "Tracing",
}

__all__ = [
    "Metrics",
    "RequestMetrics",
    "SeriesRecorder",
    "TraceFilter",
    "TraceStep",
    "TraceSummary",
    "Tracing",
    "find_trace_id",
    "list_traces",
    "read_series",
    "read_trace",
    "record_samples",
]


def __getattr__(name: str) -> object:
    """Import a part when it is first asked for: a command needs no metrics."""
    home = next((file for file, names in _HOMES.items() if name in names.split()), None)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{home}"), name)
