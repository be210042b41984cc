"""Writing spans to the store: at once for a command, behind the requests for a server."""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from genwright.storage import Database
from genwright.storage import Span as SpanRow
from genwright.types import OWNER

MOST_WAITING = 20_000
"""Spans that wait to be written; beyond them the oldest are dropped, so that no request waits."""
RETRY_SECONDS = 0.5
GATHER_SECONDS = 0.05
"""How long spans are gathered into one transaction."""

log = logging.getLogger("genwright.monitoring")

Write = Callable[[Sequence["EndedSpan"]], None]


@dataclass(frozen=True)
class EndedSpan:
    """A span as it is stored."""

    id: str
    trace_id: str
    parent_id: str
    owner: str
    name: str
    start_ns: int
    end_ns: int
    status: str
    attributes: Mapping[str, object]


def write_at_once(database: Database) -> Write:
    """A writer that returns when the spans are on disk."""

    def write(spans: Sequence[EndedSpan]) -> None:
        with database.write(OWNER) as session:
            session.add_all(SpanRow(**_list_columns(each)) for each in spans)

    return write


class BackgroundWriter:
    """Writes from a thread of its own, many spans in one transaction.

    Args:
        database: The store.
    """

    def __init__(self, database: Database) -> None:
        self._write = write_at_once(database)
        self._waiting: deque[EndedSpan] = deque(maxlen=MOST_WAITING)
        self._changed = threading.Condition()
        self._closed = self._writing = False
        self._thread = threading.Thread(target=self._run, daemon=True, name="spans")
        self._thread.start()

    def __call__(self, spans: Sequence[EndedSpan]) -> None:
        """Take spans; never waits."""
        with self._changed:
            self._waiting.extend(spans)
            self._changed.notify_all()

    def flush(self, seconds: float = 5.0) -> bool:
        """Wait until everything taken so far is written; False where it took too long."""
        with self._changed:
            return self._changed.wait_for(lambda: not (self._waiting or self._writing), seconds)

    def close(self) -> None:
        """Write what waits, and end."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        self._thread.join()

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting or self._closed)
                if self._closed and not self._waiting:
                    return
            if not self._closed:
                time.sleep(GATHER_SECONDS)
            with self._changed:
                spans, self._writing = list(self._waiting), True
                self._waiting.clear()
            self._try(spans)
            with self._changed:
                self._writing = False
                self._changed.notify_all()

    def _try(self, spans: list[EndedSpan], again: bool = True) -> None:
        try:
            self._write(spans)
        except Exception as error:  # whatever it is: later spans can be written
            if again:
                time.sleep(RETRY_SECONDS)
                self._try(spans, again=False)
            else:
                log.warning("spans lost", extra={"spans": len(spans), "error": str(error)})


def _list_columns(span: EndedSpan) -> dict[str, object]:
    return {**span.__dict__, "attributes": dict(span.attributes)}
