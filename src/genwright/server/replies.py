"""Replies that watch their client: who hangs up, or loses the right to listen, ends the work."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import suppress
from typing import TypeVar

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

T = TypeVar("T")

CLIENT_GONE = 499
"""Status, after nginx, of a request whose client hung up: for logs and counts, nobody reads it."""
PING_SECONDS = 10.0
"""After so long without an event a comment is sent, so that proxies keep the connection."""
VALID_SECONDS = 0.4
"""How often a stream looks whether its reader may still listen."""

StillValid = Callable[[], bool]


class ClientGone(Exception):
    """The client hung up before it had its answer."""


async def run_unless_gone(request: Request, work: Coroutine[object, object, T]) -> T:
    """What some work returns; it is cancelled when the client hangs up.

    Raises:
        ClientGone: It did.
    """
    working = asyncio.ensure_future(work)
    watching = asyncio.ensure_future(_wait_until_gone(request.receive))
    try:
        await asyncio.wait((working, watching), return_when=asyncio.FIRST_COMPLETED)
        if not working.done():
            raise ClientGone
        return working.result()
    finally:
        for task in (watching, working):
            task.cancel()
        with suppress(asyncio.CancelledError, Exception):
            await working


class EventStream(Response):
    """Server-sent events, https://html.spec.whatwg.org/multipage/server-sent-events.html.

    Args:
        events: Whole events as text, each ending with an empty line.
        still_valid: Whether the reader may still listen; asked several times a second.
        slow_seconds: Longest time the reader may take nothing.
        last: Sent when the reader may no longer listen.
    """

    media_type = "text/event-stream"

    def __init__(
        self,
        events: AsyncGenerator[str, None],
        still_valid: StillValid,
        slow_seconds: float,
        last: str = "",
    ) -> None:
        super().__init__(headers={"cache-control": "no-store", "x-accel-buffering": "no"})
        del self.headers["content-length"]
        self._events, self._valid = events, still_valid
        self._slow, self._last = slow_seconds, last
        self._last_sent = asyncio.get_running_loop().time()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send until the events, the client or its right end."""
        sending = asyncio.ensure_future(self._send_all(send))
        ends = [
            asyncio.ensure_future(_wait_until_gone(receive)),
            asyncio.ensure_future(self._wait_until_invalid()),
        ]
        try:
            await asyncio.wait((sending, *ends), return_when=asyncio.FIRST_COMPLETED)
            if ends[1].done() and not sending.done():
                await _cancel_task(sending)
                await self._finish(send, self._last)
        finally:
            for task in ends:
                task.cancel()
            await _cancel_task(sending)
            await self._events.aclose()

    async def _send_all(self, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        pinging = asyncio.ensure_future(self._ping(send))
        try:
            async for event in self._events:
                await self._send_piece(send, event)
        finally:
            await _cancel_task(pinging)
        await self._finish(send, "")

    async def _ping(self, send: Send) -> None:
        """Send comments while there are no events."""
        while True:
            waited = asyncio.get_running_loop().time() - self._last_sent
            if waited >= PING_SECONDS:
                await self._send_piece(send, ": ping\n\n")
            else:
                await asyncio.sleep(PING_SECONDS - waited)

    async def _send_piece(self, send: Send, event: str) -> None:
        self._last_sent = asyncio.get_running_loop().time()
        # No task for each: this is done for every token.
        async with asyncio.timeout(self._slow):
            await send({"type": "http.response.body", "body": event.encode(), "more_body": True})

    async def _finish(self, send: Send, event: str) -> None:
        body = {"type": "http.response.body", "body": event.encode(), "more_body": False}
        with suppress(TimeoutError, OSError):
            async with asyncio.timeout(self._slow):
                await send(body)

    async def _wait_until_invalid(self) -> None:
        while self._valid():
            await asyncio.sleep(VALID_SECONDS)


async def _wait_until_gone(receive: Receive) -> None:
    """Return when the client has hung up; what is left of its body is passed over."""
    while (await receive())["type"] != "http.disconnect":
        pass


async def _cancel_task(task: "asyncio.Future[T]") -> None:
    """Cancel a task and wait until it has ended."""
    task.cancel()
    with suppress(asyncio.CancelledError, Exception):
        await task
