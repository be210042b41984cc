"""From pieces to replies: the first piece decides whether there is one."""

from collections.abc import AsyncGenerator, Callable

from starlette.requests import Request
from starlette.responses import Response

from genwright.access import Identity
from genwright.server.api.shared.sse import format_event
from genwright.server.errors import describe_error
from genwright.server.replies import EventStream, run_unless_gone
from genwright.server.service import Service

Failed = Callable[[BaseException], str]


def format_failure(error: BaseException) -> str:
    """What went wrong, as the last event of a stream."""
    return format_event(describe_error(error)[1])


async def stream_events(
    request: Request,
    service: Service,
    identity: Identity,
    events: AsyncGenerator[str, None],
    failed: Failed = format_failure,
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
    first = await run_unless_gone(request, anext(events, ""))
    return EventStream(
        _guard_events(first, events, failed),
        lambda: service.doorman.is_still_valid(identity),
        service.settings.server.stalled_reader_seconds,
        last=format_event({"error": _ENDED}),
    )


_ENDED = {
    "message": "The key or login that this stream was opened with is no longer valid.",
    "type": "authentication_error",
    "param": None,
    "code": "invalid_api_key",
}


async def _guard_events(
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
