"""The outermost layer: who is let in is decided here, on headers, before a body is read.

Default deny: whatever is not one of the ``PUBLIC`` paths needs a principal, whether or not there is
such a route. One decision serves them all: ``Authorization: Bearer``, ``x-api-key``, the session
cookie, HTTP and WebSocket.
"""

import asyncio
import ipaddress
import re
import secrets
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie
from typing import Protocol
from urllib.parse import quote, urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from genwright.access import Doorman, Identity
from genwright.server.errors import make_reply

PUBLIC = ("/health", "/ready", "/login", "/login/oidc", "/login/oidc/callback")
"""Paths that need no principal, beside those of ``STATIC``."""
STATIC = "/static/"
"""Style sheets and scripts of the pages: the same for everybody."""
SCOPED = (
    "/v1/models",
    "/v1/chat/completions",
    "/v1/completions",
    "/v1/responses",
    "/v1/feedback",
)
"""All that a key scoped to some assistants may use."""
UPLOADS = ("/v1/files", "/documents/upload", "/training", "/improve")
"""Paths whose bodies may be as large as a document."""
COOKIE = "genwright_session"
SAFE_METHODS = ("GET", "HEAD", "OPTIONS")

SECURITY = {
    "content-security-policy": (
        "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; "
        "form-action 'self'; frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=()",
}
_REQUEST_ID = re.compile(r"[\w.-]{1,64}")
_HEADER_BYTES = 32 * 1024


class RequestObserver(Protocol):
    """Told of every request that ended."""

    def record_request(
        self, method: str, route: str, status: int, seconds: float, request_id: str
    ) -> None:
        """Count and log one."""


@dataclass(frozen=True)
class RequestLimits:
    """Of one request: bytes and seconds."""

    body_bytes: int
    upload_bytes: int
    body_seconds: float


class Gate:
    """The layer around the application.

    Args:
        app: What is behind it.
        doorman: Knows keys and logins.
        hosts: Host names that requests may be addressed to, lower case, without port.
        owner: Who a caller on this machine is where there are no users; None lets nobody in.
        limits: What a request may cost before a route sees it.
        observer: Told of each request.
    """

    def __init__(
        self,
        app: ASGIApp,
        doorman: Doorman,
        hosts: Iterable[str],
        owner: Identity | None,
        limits: RequestLimits,
        observer: RequestObserver,
    ) -> None:
        self.app, self.doorman, self.hosts = app, doorman, frozenset(hosts)
        self.owner, self.limits, self.observer = owner, limits, observer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through with its principal in the scope's state, or answer it here."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        static = scope["path"].startswith(STATIC)
        answer = _ResponseSender(send, _choose_request_id(headers), static)
        began = time.monotonic()
        refusal = self._find_refusal(scope, headers)
        state = scope.setdefault("state", {})
        state["request_id"] = answer.request_id
        try:
            if scope["type"] == "websocket":
                await self._handle_websocket(refusal, scope, receive, send)
            elif refusal is not None:
                await refusal(scope, receive, answer)
            else:
                await self._pass_through(scope, receive, answer)
        finally:
            if scope["type"] == "http":
                route = getattr(scope.get("route"), "path", "") or "unknown"
                self.observer.record_request(
                    scope["method"],
                    route,
                    answer.status,
                    time.monotonic() - began,
                    answer.request_id,
                )

    async def _pass_through(
        self, scope: Scope, receive: Receive, answer: "_ResponseSender"
    ) -> None:
        body = _LimitedBody(receive, self._get_body_limit(scope["path"]), self.limits.body_seconds)

        async def send(message: Message) -> None:
            # A framework takes a body that breaks off for a malformed one: what we know is said.
            if body.problem is None or answer.begun:
                await answer(message)

        try:
            await self.app(scope, body, send)
        except _BodyRefused:
            pass
        if body.problem is not None and not answer.begun:
            status, message = body.problem
            ended = make_reply(status, message, headers={"connection": "close"})
            await ended(scope, receive, answer)

    async def _handle_websocket(
        self, refusal: Response | None, scope: Scope, receive: Receive, send: Send
    ) -> None:
        if refusal is None:
            await self.app(scope, receive, send)
        else:
            await receive()  # the request to connect
            await send({"type": "websocket.close", "code": 1008, "reason": "not allowed"})

    def _find_refusal(self, scope: Scope, headers: Headers) -> Response | None:
        """Why a request is not let through; None where it is."""
        path = scope["path"]
        unfit = self._check_headers(headers) or self._check_origin(scope, headers)
        if unfit is not None:
            return unfit
        identity = self._identify_caller(scope, headers)
        scope.setdefault("state", {})["identity"] = identity
        if path in PUBLIC or path.startswith(STATIC):
            return None
        if identity is None:
            return _require_login(scope, headers)
        if identity.assistants and not _is_below(path, SCOPED):
            return make_reply(403, "This key is for asking its assistants only.", code="key_scope")
        return self._check_size(path, headers)

    def _check_headers(self, headers: Headers) -> Response | None:
        """Refuse what is addressed to another host, or has too many headers."""
        if sum(len(name) + len(value) for name, value in headers.raw) > _HEADER_BYTES:
            return make_reply(431, f"The headers are larger than {_HEADER_BYTES} bytes.")
        if _parse_hostname(headers.get("host", "")) in self.hosts:
            return None
        return make_reply(
            400,
            "This host name is not one that genwright answers to: add it to server.hosts in "
            "genwright.toml.",
            code="unknown_host",
        )

    def _check_origin(self, scope: Scope, headers: Headers) -> Response | None:
        """Refuse what a page of another site had a browser send."""
        if scope.get("method", "GET") in SAFE_METHODS and scope["type"] == "http":
            return None
        origin = headers.get("origin")
        if origin is None:
            # Browsers say where a request comes from by one of the two; programs by neither.
            same = headers.get("sec-fetch-site", "none") in ("same-origin", "none")
            by_cookie = COOKIE in headers.get("cookie", "") and not _read_bearer(headers)
            if same and not (by_cookie and "sec-fetch-site" not in headers):
                return None
        elif urlsplit(origin).netloc.lower() == headers.get("host", "").lower():
            return None
        return make_reply(403, "This request comes from another site.", code="foreign_origin")

    def _identify_caller(self, scope: Scope, headers: Headers) -> Identity | None:
        secret = _read_bearer(headers) or headers.get("x-api-key", "")
        if self.owner is not None and _is_local(scope, headers) and not self.doorman.has_users():
            return self.owner
        if secret:
            return self.doorman.find_by_key(secret)
        token = _read_cookie(headers)
        return self.doorman.find_by_login(token) if token else None

    def _check_size(self, path: str, headers: Headers) -> Response | None:
        stated, most = headers.get("content-length", "0"), self._get_body_limit(path)
        if not stated.isdigit() or int(stated) > most:
            return make_reply(413, f"Expected a body of at most {most} bytes, got {stated[:20]}.")
        return None

    def _get_body_limit(self, path: str) -> int:
        upload = _is_below(path, UPLOADS)
        return self.limits.upload_bytes if upload else self.limits.body_bytes


class _BodyRefused(Exception):
    """A body is too large or too slow."""


class _LimitedBody:
    """``receive`` with a limit on bytes and seconds, until the body is whole."""

    def __init__(self, receive: Receive, most: int, seconds: float) -> None:
        self.problem: tuple[int, str] | None = None
        """Status and message, once it is too large or too slow."""
        self._receive, self._most, self._seconds = receive, most, seconds
        self._left, self._whole = most, False
        self._end = time.monotonic() + seconds

    async def __call__(self) -> Message:
        if self._whole:
            return await self._receive()
        try:
            wait = max(0.0, self._end - time.monotonic())
            message = await asyncio.wait_for(self._receive(), wait)
        except TimeoutError as error:
            self.problem = 408, f"The body did not come in {self._seconds:g} s."
            raise _BodyRefused from error
        self._left -= len(message.get("body", b""))
        if self._left < 0:
            self.problem = 413, f"More than {self._most} bytes were sent."
            raise _BodyRefused
        self._whole = not message.get("more_body", False)
        return message


class _ResponseSender:
    """``send`` that adds the headers every answer has, and remembers its status."""

    def __init__(self, send: Send, request_id: str, static: bool) -> None:
        self._send, self.request_id = send, request_id
        self.status, self.begun = 0, False
        # What is the same for everybody may be kept, and is asked about by its ETag.
        self._cache = "no-cache" if static else "no-store"

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status, self.begun = message["status"], True
            headers = MutableHeaders(scope=message)
            headers["x-request-id"] = self.request_id
            for name, value in SECURITY.items():
                headers.setdefault(name, value)
            headers.setdefault("cache-control", self._cache)
        await self._send(message)


def _require_login(scope: Scope, headers: Headers) -> Response:
    page = scope.get("method") == "GET" and "text/html" in headers.get("accept", "")
    if page and not scope["path"].startswith("/v1/"):
        return RedirectResponse(f"/login?next={quote(scope['path'])}", status_code=303)
    return make_reply(
        401,
        "Expected a valid key as 'Authorization: Bearer …' or 'x-api-key', or a login.",
        code="invalid_api_key",
        headers={"www-authenticate": "Bearer"},
    )


def _choose_request_id(headers: Mapping[str, str]) -> str:
    """The caller's own id where it is a plain word, else a new one."""
    given = headers.get("x-request-id", "")
    return given if _REQUEST_ID.fullmatch(given) else f"req_{secrets.token_hex(12)}"


def _read_bearer(headers: Headers) -> str:
    kind, _, secret = headers.get("authorization", "").partition(" ")
    return secret.strip() if kind.lower() == "bearer" else ""


def _read_cookie(headers: Headers) -> str:
    try:
        cookies = SimpleCookie(headers.get("cookie", ""))
    except CookieError:
        return ""
    return cookies[COOKIE].value if COOKIE in cookies else ""


def _parse_hostname(host: str) -> str:
    """Name without port, lower case: ``[::1]:8080`` is ``::1``."""
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""


def _is_local(scope: Scope, headers: Headers) -> bool:
    """Whether the caller is on this machine, and no proxy that forwards for somebody else."""
    client = scope.get("client")
    if any(name in headers for name in ("forwarded", "x-forwarded-for", "x-real-ip", "via")):
        return False
    try:
        return client is not None and ipaddress.ip_address(client[0]).is_loopback
    except ValueError:
        return False


def _is_below(path: str, roots: Iterable[str]) -> bool:
    return any(path == root or path.startswith(f"{root}/") for root in roots)
