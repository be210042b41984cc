"""Errors as clients expect them: OpenAI's shape for programs, a page for people.

https://platform.openai.com/docs/guides/error-codes: ``{"error": {"message", "type", "param",
"code"}}``. Types are OpenAI's own where it has one for the case.
"""

import logging
import math
from collections.abc import Callable
from http import HTTPStatus

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from genwright.errors import GenwrightError, TooMany
from genwright.server.replies import CLIENT_GONE, ClientGone
from genwright.types import Json

TYPES = {
    400: "invalid_request_error",
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    409: "conflict_error",
    429: "rate_limit_error",
    503: "service_unavailable_error",
}
"""By status; other ones below 500 are ``invalid_request_error``, the rest ``server_error``."""

log = logging.getLogger("genwright.server")


def make_problem(
    status: int, message: str, *, param: str | None = None, code: str | None = None
) -> Json:
    """The body of an error."""
    default = "server_error" if status >= 500 else "invalid_request_error"
    kind = TYPES.get(status, default)
    return {"error": {"message": message, "type": kind, "param": param, "code": code}}


def make_reply(
    status: int,
    message: str,
    *,
    param: str | None = None,
    code: str | None = None,
    headers: dict[str, str] | None = None,
) -> JSONResponse:
    """A response with an error."""
    body = make_problem(status, message, param=param, code=code)
    return JSONResponse(body, status_code=status, headers=headers)


Render = Callable[[Request, int, Json], Response | None]
"""An error as a page for people; None where a program asked."""


def handle_problems(app: FastAPI, render: Render) -> None:
    """Turn what routes raise into replies.

    Args:
        app: Whose routes.
        render: Makes the pages.
    """
    reply = _ErrorHandlers(render)
    app.add_exception_handler(GenwrightError, reply.handle_known)
    app.add_exception_handler(RequestValidationError, reply.handle_malformed)
    app.add_exception_handler(HTTPException, reply.handle_http)
    app.add_exception_handler(ClientGone, _handle_gone)
    app.add_exception_handler(Exception, reply.handle_bug)


def describe_error(error: BaseException) -> tuple[int, Json]:
    """Status and body for what went wrong, as it may be told to a client."""
    if isinstance(error, TooMany):
        return 429, make_problem(429, str(error), code="rate_limit_exceeded")
    if isinstance(error, GenwrightError):
        # OpenAI has no 422; clients take 400 for a request that was understood and not done.
        status = 400 if error.http_status == 422 else error.http_status
        code = "model_not_found" if error.http_status == 404 else None
        param = getattr(error, "param", None)
        return status, make_problem(status, str(error), param=param, code=code)
    return 500, make_problem(
        500, "This is a bug of genwright. Its log has more, by the x-request-id."
    )


class _ErrorHandlers:
    """Handlers of errors, with pages for people."""

    def __init__(self, render: Render) -> None:
        self._render = render

    async def handle_known(self, request: Request, error: Exception) -> Response:
        """An error of genwright's own tree."""
        status, body = describe_error(error)
        headers = None
        if isinstance(error, TooMany):
            headers = {"retry-after": str(max(1, math.ceil(error.retry_after)))}
        if status >= 500:
            log.warning("request failed", extra={"error": str(error), "kind": type(error).__name__})
        return self._send(request, status, body, headers)

    async def handle_malformed(self, request: Request, error: Exception) -> Response:
        """A request that is not of the form that the route takes."""
        assert isinstance(error, RequestValidationError)
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"][1:]) or str(first["loc"][0])
        said = first["msg"].removeprefix("Value error, ")
        body = make_problem(400, f"{where}: {said}.", param=where, code="invalid_value")
        return self._send(request, 400, body)

    async def handle_http(self, request: Request, error: Exception) -> Response:
        """What the framework says."""
        assert isinstance(error, HTTPException)
        message = str(error.detail)
        if error.status_code == 404 and message == "Not Found":
            message = f"There is nothing at {request.url.path}."
        if error.status_code == 405:
            message = f"{request.url.path} does not take {request.method}."
        phrase = HTTPStatus(error.status_code).phrase
        body = make_problem(error.status_code, message or phrase)
        return self._send(request, error.status_code, body, dict(error.headers or {}))

    async def handle_bug(self, request: Request, error: Exception) -> Response:
        """Anything else: logged with its traceback, told without."""
        log.exception("bug", exc_info=error)
        status, body = describe_error(error)
        return self._send(request, status, body)

    def _send(
        self, request: Request, status: int, body: Json, headers: dict[str, str] | None = None
    ) -> Response:
        page = self._render(request, status, body)
        if page is None:
            return JSONResponse(body, status_code=status, headers=headers)
        page.headers.update(headers or {})
        return page


async def _handle_gone(request: Request, error: Exception) -> Response:
    return Response(status_code=CLIENT_GONE)
