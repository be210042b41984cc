"""Logging in and out, and the first admin of a workspace that had no users."""

import secrets
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import APIRouter, Form, Request
from starlette.responses import RedirectResponse, Response

from genwright.access import Identity, create_user, logins
from genwright.access.oidc import PendingLogin, Provider, find_or_create_account
from genwright.engines.keyring import find_key
from genwright.errors import GenwrightError, NotAllowed, NotFound, TooMany, UsageError
from genwright.server.deps import Asking, Serving
from genwright.server.gate import COOKIE
from genwright.server.pages.views.rendering import render
from genwright.server.service import Service
from genwright.settings import OIDCSettings
from genwright.types import OWNER

router = APIRouter(include_in_schema=False)

OIDC_COOKIE = "genwright_oidc"
MOST_PENDING = 1000
"""Logins begun at the provider and not finished; the oldest is dropped."""
PENDING_SECONDS = 600

Name = Annotated[str, Form(max_length=200)]
Password = Annotated[str, Form(max_length=1000)]
Next = Annotated[str, Form(alias="next", max_length=2000)]


@dataclass
class _PendingLogins:
    """Logins on their way: wrong passwords lately, and those who are at the provider."""

    settings: OIDCSettings
    attempts: logins.LoginAttempts = field(default_factory=logins.LoginAttempts)
    pending: dict[str, tuple[PendingLogin, str]] = field(default_factory=dict)

    @cached_property
    def provider(self) -> Provider:
        if not self.settings.issuer:
            raise NotFound("There is no OpenID login here: access.oidc.issuer is empty.")
        return Provider(self.settings, find_key(self.settings.client_secret))

    def keep(self, pending: PendingLogin, target: str) -> None:
        self.pending[pending.state] = pending, target
        while len(self.pending) > MOST_PENDING:
            del self.pending[next(iter(self.pending))]


@lru_cache(maxsize=8)
def _get_pending_logins(service: Service) -> _PendingLogins:
    """One for each running server."""
    return _PendingLogins(service.settings.access.oidc)


@router.get("/login")
def show_login(request: Request, service: Serving) -> Response:
    """The form to log in; who is in already goes on."""
    target = to_local_path(request.query_params.get("next", "/"))
    if getattr(request.state, "identity", None) is not None:
        return RedirectResponse(target, 303)
    return _render_form(request, service, target)


@router.post("/login")
def log_in(
    request: Request, service: Serving, name: Name, password: Password, target: Next = "/"
) -> Response:
    """Begin a session with name and password."""
    try:
        token = logins.log_in(
            service.workspace.database,
            name.strip(),
            password,
            hours=service.settings.access.session_hours,
            attempts=_get_pending_logins(service).attempts,
            address=_find_address(request),
        )
    except (NotAllowed, TooMany) as error:
        return _render_form(
            request, service, to_local_path(target), str(error), error.http_status, name
        )
    return _let_in(request, service, token, RedirectResponse(to_local_path(target), 303))


@router.post("/logout")
def log_out(request: Request, service: Serving) -> Response:
    """End the session of this browser."""
    logins.end(service.workspace.database, request.cookies.get(COOKIE, ""))
    gone = RedirectResponse("/login", 303)
    gone.delete_cookie(COOKIE, path="/", httponly=True, samesite="strict")
    return gone


@router.get("/login/oidc")
def begin_oidc(request: Request, service: Serving) -> Response:
    """Send the browser to the OpenID provider."""
    begun = _get_pending_logins(service)
    target = to_local_path(request.query_params.get("next", "/"))
    host = request.headers["host"]
    scheme = "https" if _is_secure(request) else "http"
    url, pending = begun.provider.begin(f"{scheme}://{host}/login/oidc/callback")
    begun.keep(pending, target)
    there = RedirectResponse(url, 303)
    # Lax: it must come along when the provider sends the browser back.
    there.set_cookie(
        OIDC_COOKIE,
        pending.state,
        max_age=PENDING_SECONDS,
        path="/login/oidc",
        httponly=True,
        samesite="lax",
        secure=_is_secure(request),
    )
    return there


@router.get("/login/oidc/callback")
def finish_oidc(request: Request, service: Serving) -> Response:
    """Let in whoever comes back from the provider to the browser that went there."""
    try:
        token, target = _finish_login(request, service)
    except GenwrightError as error:
        return _render_form(request, service, "/", str(error), error.http_status)
    # A redirect would still count as sent by the provider's site, and not carry a strict cookie.
    return _let_in(request, service, token, render(request, "let_in.html", target=target))


def _finish_login(request: Request, service: Service) -> tuple[str, str]:
    """The token of a new session, and where its owner wanted to go."""
    begun, settings = _get_pending_logins(service), service.settings.access
    state = request.cookies.get(OIDC_COOKIE, "")
    pending, target = begun.pending.pop(state, (None, "/"))
    given = request.query_params.get("state", "")
    if pending is None or not secrets.compare_digest(given.encode(), state.encode()):
        raise NotAllowed("This login is not the one that was begun: log in again.")
    claims = begun.provider.finish(pending, request.query_params)
    name = find_or_create_account(service.workspace.database, settings.oidc, claims)
    return logins.begin(service.workspace.database, name, settings.session_hours), target


@router.get("/setup")
def show_setup(request: Request, service: Serving, identity: Asking) -> Response:
    """The form that makes the first admin."""
    _require_nobody(service, identity)
    return render(request, "setup.html", name="", error="")


@router.post("/setup")
def set_up(
    request: Request,
    service: Serving,
    identity: Asking,
    name: Name,
    password: Password,
    again: Password,
) -> Response:
    """Make the first admin and log them in; from now on everybody logs in."""
    _require_nobody(service, identity)
    database = service.workspace.database
    try:
        if not password or password != again:
            raise UsageError("Expected the same password twice.")
        create_user(database, OWNER, name.strip(), role="admin", password=password)
    except GenwrightError as error:
        return render(request, "setup.html", error.http_status, name=name, error=str(error))
    token = logins.begin(database, name.strip(), service.settings.access.session_hours)
    return _let_in(request, service, token, RedirectResponse("/settings", 303))


def to_local_path(target: str) -> str:
    r"""A path on this site, or ``/`` where something else was given.

    Example:
        >>> [to_local_path(each) for each in ("/chat/3?x=1", "//evil.example", "/\\evil.example")]
        ['/chat/3?x=1', '/', '/']
    """
    try:
        parts = urlsplit(target)
    except ValueError:
        return "/"
    odd = parts.scheme or parts.netloc or "\\" in target or not target.isprintable()
    return "/" if odd or not target.startswith("/") or target.startswith("//") else target


def _require_nobody(service: Service, identity: Identity) -> None:
    if service.doorman.has_users() or identity.principal != OWNER:
        raise NotFound("There is nothing at /setup: this genwright has its first admin.")


def _render_form(
    request: Request,
    service: Service,
    target: str,
    error: str = "",
    status: int = 200,
    name: str = "",
) -> Response:
    oidc = bool(service.settings.access.oidc.issuer)
    return render(request, "login.html", status, target=target, error=error, name=name, oidc=oidc)


def _let_in(request: Request, service: Service, token: str, page: Response) -> Response:
    """A reply that carries the session's cookie."""
    page.set_cookie(
        COOKIE,
        token,
        max_age=int(service.settings.access.session_hours * 3600),
        path="/",
        httponly=True,
        samesite="strict",
        secure=_is_secure(request),
    )
    return page


def _find_address(request: Request) -> str:
    """Where somebody is: as a proxy on this machine says, else as the connection does."""
    peer = request.client.host if request.client else ""
    said = request.headers.get("x-forwarded-for", "").rpartition(",")[2].strip()
    return said[:64] if said and peer in ("127.0.0.1", "::1") else peer


def _is_secure(request: Request) -> bool:
    """Whether the browser speaks https, to us or to the proxy in front of us."""
    forwarded = request.headers.get("x-forwarded-proto", "")
    return request.url.scheme == "https" or forwarded == "https"
