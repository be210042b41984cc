"""From pieces to replies: the first piece decides whether there is one."""

from collections.abc import AsyncGenerator, Callable

from starlette.requests import Request
from starlette.responses import Response

from genwright.access import Identity
from genwright.server.api.shared.sse import event
from genwright.server.errors import of_error
from genwright.server.replies import EventStream, unless_gone
from genwright.server.service import Service

Failed = Callable[[BaseException], str]


def failed(error: BaseException) -> str:
    """What went wrong, as the last event of a stream."""
    return event(of_error(error)[1])


async def streamed(
    request: Request,
    service: Service,
    identity: Identity,
    events: AsyncGenerator[str, None],
    failed: Failed = failed,
) -> Response:
    """Events as a response, once the first of them is there.

    What goes wrong before it is raised, so that the reply has its status; what goes wrong after it
    becomes the last event.

    Args:
        request: Watched, so that whoever hangs up ends the work.
        service: The server's parts.
        identity: Who listens; the stream ends when their right does.
        events: Whole events as text.
        failed: Makes an event of an error.
    """
    first = await unless_gone(request, anext(events, ""))
    return EventStream(
        _guarded(first, events, failed),
        lambda: service.doorman.still_valid(identity),
        service.settings.server.slow_seconds,
        last=event({"error": _ENDED}),
    )


_ENDED = {
    "message": "The key or login that this stream was opened with is no longer valid.",
    "type": "authentication_error",
    "param": None,
    "code": "invalid_api_key",
}


async def _guarded(
    first: str, events: AsyncGenerator[str, None], failed: Failed
) -> AsyncGenerator[str, None]:
    try:
        yield first
        async for each in events:
            yield each
    except Exception as error:
        yield failed(error)
    finally:
        await events.aclose()
