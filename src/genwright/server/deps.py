"""What routes ask for in their arguments."""

from collections.abc import Callable
from typing import Annotated, cast

from fastapi import Depends, Request

from genwright.access import Identity, require
from genwright.runtime import Runtime
from genwright.server.service import Service


def get_service(request: Request) -> Service:
    """The running server's runtime."""
    return cast(Service, request.app.state.service)


def get_identity(request: Request) -> Identity:
    """Who asks; the gate has let nobody else through."""
    return cast(Identity, request.state.identity)


Asking = Annotated[Identity, Depends(get_identity)]
Serving = Annotated[Service, Depends(get_service)]


def get_runtime(service: Serving, identity: Asking) -> Runtime:
    """The workspace's runtime in the asker's rights."""
    return service.runtime_for(identity)


InRights = Annotated[Runtime, Depends(get_runtime)]


def require_action(action: str) -> Callable[[Request], None]:
    """A dependency that refuses whoever may not do something; see ``access.ACTIONS``."""

    def check(request: Request) -> None:
        require(get_identity(request).principal, action)

    return check
