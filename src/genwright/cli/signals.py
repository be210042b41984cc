"""Ending work well: what Ctrl-C and SIGTERM do to a command."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, current_thread, main_thread
from types import FrameType

from genwright.cli.printing.output import print_remark

interrupted = Event()
"""Whether Ctrl-C was pressed during the command of this process; signals are the process's."""


@contextmanager
def catch_signals() -> Iterator[Event]:
    """An event that Ctrl-C and SIGTERM set; a second signal ends the process at once."""
    stop = Event()

    def handle(number: int, _frame: FrameType | None) -> None:
        if stop.is_set():
            raise KeyboardInterrupt
        stop.set()
        print_remark(f"{signal.Signals(number).name}: ending at the next step, with a checkpoint")

    before = {each: signal.signal(each, handle) for each in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


@contextmanager
def note_interrupts() -> Iterator[None]:
    """Ctrl-C sets ``interrupted``, besides raising ``KeyboardInterrupt`` where the program stands.

    Raised below a C library, the exception alone is not seen: SQLite reports a failed statement
    where it was running a function of ours, and a callback of a weak reference drops it.
    """

    def handle(_number: int, _frame: FrameType | None) -> None:
        interrupted.set()
        raise KeyboardInterrupt

    interrupted.clear()
    ours = (  # whoever set a handler, or runs commands beside the main thread, keeps theirs
        current_thread() is main_thread()
        and signal.getsignal(signal.SIGINT) is signal.default_int_handler
    )
    if ours:
        signal.signal(signal.SIGINT, handle)
    try:
        yield
    finally:
        if ours:
            signal.signal(signal.SIGINT, signal.default_int_handler)
