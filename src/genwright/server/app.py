"""The application: routes inside, the gate around them."""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from importlib import import_module
from importlib.resources import files
from pkgutil import walk_packages

from fastapi import FastAPI
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

from genwright import __version__
from genwright.access import Identity
from genwright.server.access_log import RequestLog
from genwright.server.background import Background
from genwright.server.errors import handle_problems
from genwright.server.gate import Gate, RequestLimits
from genwright.server.idempotency import Idempotency
from genwright.server.pages.views.rendering import render_error
from genwright.server.service import Service
from genwright.types import OWNER

LOCAL_HOSTS = ("localhost", "127.0.0.1", "::1")


def build_app(service: Service, hosts: Iterable[str], *, local: bool) -> ASGIApp:
    """The whole application.

    Args:
        service: What routes use.
        hosts: Host names it answers to, beside the machine's own.
        local: Whether callers on this machine are its owner while there are no users.
    """
    app = FastAPI(
        title="genwright",
        version=__version__,
        summary="Answers that can be checked, over an API that OpenAI's clients speak.",
        docs_url=None,  # both load from a CDN: /api is our own page
        redoc_url=None,
        openapi_url="/openapi.json",
        lifespan=_lifespan,
    )
    app.state.service = service
    handle_problems(app, render_error)
    for package in ("genwright.server.api", "genwright.server.pages"):
        _include_routers(app, package)
    app.mount("/static", StaticFiles(directory=str(files("genwright.server") / "static")))
    settings = service.settings
    return Gate(
        Idempotency(app, service),
        service.doorman,
        (*LOCAL_HOSTS, *(host.lower() for host in hosts)),
        Identity(OWNER) if local else None,
        RequestLimits(
            settings.server.body_bytes,
            settings.documents.max_file_bytes,
            settings.server.body_seconds,
        ),
        RequestLog(service.metrics),
    )


def _include_routers(app: FastAPI, package: str) -> None:
    """Every router below a folder: to add routes is to add a file."""
    home = import_module(package)
    for module in sorted(walk_packages(home.__path__, f"{package}."), key=lambda each: each.name):
        router = getattr(import_module(module.name), "router", None)
        if router is not None:
            app.include_router(router)


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    service: Service = app.state.service
    background = Background(service)
    service.start()
    background.start()
    try:
        yield
    finally:
        background.close()
        service.close()
