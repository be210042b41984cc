"""Models: what there is, pulling with progress, removing, checking."""

import json
from collections.abc import AsyncGenerator, Iterator
from queue import Queue
from threading import Event, Thread

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from genwright.access import audit
from genwright.embeddings import prepare
from genwright.errors import GenwrightError
from genwright.runtime import Runtime
from genwright.server.bridge import Bridge
from genwright.server.deps import Asking, InRights, Serving, require_action
from genwright.server.pages.views.rendering import read_flash, redirect_back, render
from genwright.server.replies import EventStream
from genwright.types import Json

router = APIRouter(prefix="/models", include_in_schema=False)
WAIT_SECONDS = 0.25


class _DownloadStopped(Exception):
    """Nobody waits for a download any more."""


@router.get("")
def show_models(request: Request, service: Serving) -> Response:
    """Every model of the catalog, and those that are here."""
    models = service.runtime.models
    loaded = {name for name, _ in models.engines}
    rows = models.catalog.list_models()
    find = models.examinations.store.find
    return render(
        request,
        "models.html",
        models=rows,
        examined={each.name: find(each.name) for each in rows if each.kind == "chat"},
        servers=service.settings.servers,
        loaded=loaded,
        message=read_flash(request),
    )


@router.post("/{name}/pull", dependencies=[Depends(require_action("models.pull"))])
async def pull(request: Request, name: str, service: Serving, identity: Asking) -> Response:
    """Fetch a model; the reply streams ``progress`` events, then ``done`` or ``failed``."""
    runtime = service.runtime_for(identity)
    if "text/event-stream" not in request.headers.get("accept", ""):
        await service.call(lambda: _pull_model(runtime, name))
        return redirect_back("/models", f"{name} is here.")
    bridge: Bridge[tuple[str, Json]] = Bridge(
        service.executor, service.settings.server.stalled_reader_seconds
    )
    pieces = bridge.stream(lambda cancel: _stream_pull(runtime, name, cancel), Event())
    return EventStream(
        _stream_events(pieces),
        lambda: service.doorman.is_still_valid(identity),
        service.settings.server.stalled_reader_seconds,
    )


@router.post("/{name}/remove", dependencies=[Depends(require_action("models.pull"))])
def remove(name: str, runtime: InRights) -> Response:
    """Delete a model from disk."""
    runtime.models.catalog.remove(name)
    _record_action(runtime, "model.remove", name)
    return redirect_back("/models", f"{name} was removed.")


@router.post("/{name}/verify", dependencies=[Depends(require_action("models.pull"))])
def verify(name: str, runtime: InRights) -> Response:
    """Hash its files again."""
    found = runtime.models.catalog.verify(name)
    told = "; ".join(f"{each.file} {each.problem}" for each in found)
    return redirect_back("/models", f"{told or f'{name} is as it was pulled.'}")


async def _stream_events(
    pieces: AsyncGenerator[tuple[str, Json], None],
) -> AsyncGenerator[str, None]:
    try:
        async for kind, data in pieces:
            yield f"event: {kind}\ndata: {json.dumps(data)}\n\n"
    finally:
        await pieces.aclose()


def _stream_pull(runtime: Runtime, name: str, cancel: Event) -> Iterator[tuple[str, Json]]:
    """A download in a thread of its own, told as it goes on."""
    told: Queue[tuple[str, Json]] = Queue()

    def tell(done: int, total: int, what: str) -> None:
        if cancel.is_set():
            raise _DownloadStopped
        told.put(("progress", {"done": done, "total": total, "what": what}))

    def work() -> None:
        try:
            runtime.models.catalog.pull(name, tell, finish=prepare)
            _record_action(runtime, "model.pull", name)
            told.put(("done", {"name": name}))
        except _DownloadStopped:
            told.put(("failed", {"message": "stopped; what was fetched is kept for next time"}))
        except GenwrightError as error:
            told.put(("failed", {"message": str(error)}))
        except Exception as error:
            told.put(("failed", {"message": f"{type(error).__name__}: {error}"}))

    Thread(target=work, daemon=True, name=f"pull {name}").start()
    last = ""
    while last not in ("done", "failed"):
        last, data = told.get()
        while last == "progress" and not told.empty():  # only the newest is worth telling
            last, data = told.get()
        yield last, data


def _pull_model(runtime: Runtime, name: str) -> None:
    runtime.models.catalog.pull(name, finish=prepare)
    _record_action(runtime, "model.pull", name)


def _record_action(runtime: Runtime, action: str, name: str) -> None:
    with runtime.database.write(runtime.principal) as session:
        audit.record(session, action, f"model-{name}"[:200])
