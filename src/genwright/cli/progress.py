"""Progress of long work, on standard error."""

import sys
import time
from typing import TYPE_CHECKING, Any

from genwright.cli.printing.output import print_remark
from genwright.types import Closing

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

EVERY = 5.0
"""Seconds between two lines of progress where there is no terminal."""


class ProgressDisplay(Closing):
    """Progress of long work: a bar on a terminal, now and then a line elsewhere.

    A context manager, and a ``genwright.types.Progress``. It writes on standard error; when quiet,
    nothing.
    """

    def __init__(self, quiet: bool = False) -> None:
        self.quiet, self.terminal = quiet, sys.stderr.isatty()
        self._bar: Progress | None = None
        self._task: TaskID | None = None
        self._said, self._said_at = "", time.monotonic()

    def __call__(self, done: int, total: int, what: str) -> None:
        """Show how far it is; ``total`` 0 when nobody knows."""
        if self.quiet:
            return
        if self.terminal:
            self._draw(done, total, what)
        elif time.monotonic() - self._said_at >= EVERY or (not total and what != self._said):
            self._said, self._said_at = what, time.monotonic()
            print_remark(f"{done * 100 // total}% {what}" if total else what)

    def print_line(self, text: str) -> None:
        """A line that stays where there is no terminal; on one the bar says enough."""
        if not self.quiet and not self.terminal:
            self._said_at = time.monotonic()
            print_remark(text)

    def close(self) -> None:
        """Take the bar off the terminal."""
        if self._bar is not None:
            self._bar.stop()
            self._bar = None

    def _draw(self, done: int, total: int, what: str) -> None:
        if self._bar is None:
            self._bar = _make_bar()
            self._task = self._bar.add_task(what, total=None)
            self._bar.start()
        assert self._task is not None
        self._bar.update(self._task, completed=done, total=total or None, description=what)


def _make_bar() -> "Progress":
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

    columns: list[Any] = [BarColumn(20), TaskProgressColumn(), TimeElapsedColumn()]
    described = TextColumn("{task.description}", markup=False)
    return Progress(*columns, described, console=Console(stderr=True), transient=True)
