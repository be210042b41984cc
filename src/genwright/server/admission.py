"""Admission: a bounded queue in front of each model, with fair shares for those who wait in it.

A model works on ``slots`` requests at once. Others wait, at most ``queue`` of them; turns go round
by key, so that one busy client delays another by one request and not by all of its own. A key may
fill the queue up to what it leaves free (the dynamic threshold of Choudhury and Hahne 1998,
doi:10.1109/90.664262, with a factor of 1): alone it gets half, and a newcomer always finds room.
"""

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from genwright.errors import TooMany

FIRST_GUESS = 1.0
"""Seconds that a request is taken to last before any has been measured."""
SMOOTHING = 0.2
"""Share of the newest request in the running mean of how long they last."""


@dataclass
class _QueuedRequest:
    """A request in the queue."""

    key: str
    turn: asyncio.Future[None]


class Admission:
    """The queue of one model. Used from one event loop.

    Args:
        slots: Requests worked on at once.
        queue: Requests that wait at most.
    """

    def __init__(self, slots: int, queue: int) -> None:
        self.slots, self.queue = slots, queue
        self.running = 0
        self._keys: dict[str, deque[_QueuedRequest]] = {}  # in the order of their turns
        self._lasts = FIRST_GUESS

    @property
    def request_counts(self) -> tuple[int, int]:
        """Requests at work, and in the queue."""
        return self.running, self.queue_length

    @property
    def queue_length(self) -> int:
        """Requests in the queue."""
        return sum(map(len, self._keys.values()))

    def estimate_retry_after(self) -> float:
        """Seconds after which a place should be free, by how long requests last."""
        return (self.queue_length + 1) * self._lasts / self.slots

    @asynccontextmanager
    async def wait_turn(
        self, key: str, queued: Callable[[float], None] = lambda seconds: None
    ) -> AsyncIterator[None]:
        """Wait for a slot and hold it; whoever is cancelled while waiting leaves the queue.

        Args:
            key: Whose share it counts to.
            queued: Told how many seconds it waited.

        Raises:
            TooMany: The queue is full, or this key has its share of it.
        """
        began = time.monotonic()
        await self._enter(key)
        try:
            started = time.monotonic()
            queued(started - began)
            yield
        finally:
            self._lasts += SMOOTHING * (time.monotonic() - started - self._lasts)
            self._leave()

    async def _enter(self, key: str) -> None:
        if self.running < self.slots:
            self.running += 1
            return
        own = len(self._keys.get(key, ()))
        free = self.queue - self.queue_length
        if free <= 0 or own >= free:
            raise TooMany(
                f"{self.queue_length} requests wait for this model and {self.running} are at work. "
                "Try again after the time in Retry-After.",
                retry_after=self.estimate_retry_after(),
            )
        waiting = _QueuedRequest(key, asyncio.get_running_loop().create_future())
        self._keys.setdefault(key, deque()).append(waiting)
        try:
            await waiting.turn
        except asyncio.CancelledError:
            if waiting.turn.done() and not waiting.turn.cancelled():
                self._leave()  # its turn had just come
            else:
                self._remove(waiting)
            raise

    def _leave(self) -> None:
        """Give the slot to whose turn it is."""
        while self._keys:
            key, own = next(iter(self._keys.items()))
            del self._keys[key]
            first = own.popleft()
            if own:
                self._keys[key] = own  # behind the others
            if not first.turn.done():
                first.turn.set_result(None)
                return
        self.running -= 1

    def _remove(self, waiting: _QueuedRequest) -> None:
        own = self._keys.get(waiting.key)
        if own is not None and waiting in own:
            own.remove(waiting)
            if not own:
                del self._keys[waiting.key]
