"""A function that tells of its progress, as an iterator over what it tells."""

import contextvars
import threading
from collections.abc import Callable, Iterator
from queue import SimpleQueue
from threading import Event
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")


class _End:
    """The last thing told: how the function ended."""

    def __init__(self, error: BaseException | None) -> None:
        self.error = error


def told(work: Callable[[Callable[[T], None]], R], cancel: Event) -> Iterator[T | R]:
    """Everything a function tells, as it tells it, and then what it returns.

    It runs in a thread of its own, in the caller's context, so that its steps join the trace. Who
    leaves the iterator early sets ``cancel`` and waits for its end.

    Args:
        work: Given a function to tell things with. What it tells is kept until it is taken, so it
            must not be without end.
        cancel: The event that ends it.
    """
    queue: SimpleQueue[T | R | _End] = SimpleQueue()

    def run() -> None:
        try:
            queue.put(work(queue.put))
            queue.put(_End(None))
        except BaseException as error:  # who iterates raises it
            queue.put(_End(error))

    context = contextvars.copy_context()
    thread = threading.Thread(target=context.run, args=(run,), daemon=True, name="telling")
    thread.start()
    try:
        while not isinstance(each := queue.get(), _End):
            yield each
        if each.error is not None:
            raise each.error
    finally:
        cancel.set()
        thread.join()
