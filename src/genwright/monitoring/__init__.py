"""Monitoring: what happened for each request, as a trace of timed steps kept in the store.

Example:
    >>> import pathlib, tempfile
    >>> from genwright.storage import Database
    >>> from genwright.types import OWNER
    >>> database = Database(pathlib.Path(tempfile.mkdtemp()) / "genwright.db")
    >>> tracing = Tracing(database, OWNER)
    >>> with tracing.span("ask") as span:
    ...     span.set_attribute("gen_ai.operation.name", "chat")
    >>> read_trace(database, OWNER, "last").name
    'ask'
    >>> database.close()
"""

from genwright.monitoring.traces import Step, read_trace
from genwright.monitoring.tracing import Tracing

__all__ = ["Step", "Tracing", "read_trace"]
