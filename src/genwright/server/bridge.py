"""Blocking work under an event loop: pieces come over a bounded queue, cancelling goes back.

Engines and the store block. Each request runs in a thread of its own and hands its pieces over; it
is at most ``AHEAD`` of them ahead of whoever reads, so a slow reader holds its own thread and
little memory, and one that reads nothing for too long is cut off.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterator
from concurrent.futures import Executor
from contextlib import suppress
from threading import Event, Semaphore
from typing import Generic, TypeVar

T = TypeVar("T")

AHEAD = 64
"""Pieces that are made before anybody has taken them."""
LOOK_SECONDS = 0.25
"""How often a thread that waits for its reader looks whether it still has one."""


class _WorkEnd(Generic[T]):
    """The last thing in the queue: how the work ended."""

    def __init__(self, error: BaseException | None = None) -> None:
        self.error = error


class Bridge(Generic[T]):
    """Runs an iterator in a thread and gives its pieces to an event loop.

    Args:
        executor: Where the thread comes from.
        slow_seconds: Longest time the reader may take nothing.
    """

    def __init__(self, executor: Executor, slow_seconds: float) -> None:
        self._executor, self._slow = executor, slow_seconds
        self._loop = asyncio.get_running_loop()
        self._queue: asyncio.Queue[T | _WorkEnd[T]] = asyncio.Queue()
        self._room = Semaphore(AHEAD)

    async def stream(
        self, work: Callable[[Event], Iterator[T]], cancel: Event
    ) -> AsyncGenerator[T, None]:
        """The pieces as they are made; leaving the loop early cancels the work and awaits its end.

        Args:
            work: Given the event that cancels, makes the pieces.
            cancel: Set to end it.
        """
        running = self._loop.run_in_executor(self._executor, self._run, work, cancel)
        try:
            while not isinstance(piece := await self._queue.get(), _WorkEnd):
                self._room.release()
                yield piece
            if piece.error is not None:
                raise piece.error
        finally:
            cancel.set()
            # The slot is free only when the thread is done; a second cancellation must not hide it.
            with suppress(asyncio.CancelledError):
                await asyncio.shield(running)

    def _run(self, work: Callable[[Event], Iterator[T]], cancel: Event) -> None:
        end: _WorkEnd[T] = _WorkEnd()
        made = work(cancel)
        try:
            for piece in made:
                if not self._has_room(cancel):
                    break
                self._loop.call_soon_threadsafe(self._queue.put_nowait, piece)
        except BaseException as error:  # the reader raises it
            end = _WorkEnd(error)
        finally:
            if hasattr(made, "close"):
                made.close()
            with suppress(RuntimeError):  # the loop was closed meanwhile
                self._loop.call_soon_threadsafe(self._queue.put_nowait, end)

    def _has_room(self, cancel: Event) -> bool:
        """Wait until the reader has taken a piece; False when it never will."""
        waited = 0.0
        while not cancel.is_set():
            if self._room.acquire(timeout=LOOK_SECONDS):
                return True
            waited += LOOK_SECONDS
            if waited >= self._slow:
                cancel.set()
        return False
