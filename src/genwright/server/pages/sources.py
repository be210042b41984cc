"""Sources: a document's text with a span marked, a page of it as an image, and its original."""

from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Depends, Path, Query, Request
from starlette.responses import HTMLResponse, Response

from genwright.errors import NotFound
from genwright.library.files import find_original
from genwright.server.deps import InRights, require_action
from genwright.server.pages.views.documents import PAGE_CHARACTERS, PANEL_CHARACTERS, read_source
from genwright.server.pages.views.page_images import render_page_image
from genwright.server.pages.views.rendering import render, render_fragment

router = APIRouter(include_in_schema=False, dependencies=[Depends(require_action("ask"))])

Id = Annotated[int, Path(ge=1, le=2**53)]
Offset = Annotated[int, Query(ge=0, le=2**53)]


@router.get("/sources/{document}")
def show_source(
    request: Request,
    runtime: InRights,
    document: Id,
    start: Offset = 0,
    end: Offset = 0,
    at: Annotated[int | None, Query(ge=0, le=2**53)] = None,
    part: Annotated[str, Query(max_length=10)] = "",
) -> Response:
    """A document's text around a span: a page, or a panel for beside an answer."""
    if part == "panel":
        found = read_source(runtime, document, start, end, PANEL_CHARACTERS)
        return HTMLResponse(render_fragment(request, "panel.html", source=found))
    found = read_source(runtime, document, start, end, PAGE_CHARACTERS, at)
    values = {"before": max(0, found.first - PAGE_CHARACTERS), "step": PAGE_CHARACTERS}
    original = find_original(runtime, document) is not None
    return render(request, "source.html", source=found, original=original, **values)


@router.get("/sources/{document}/original")
def download_original(runtime: InRights, document: Id) -> Response:
    """The uploaded file that a document was made of, to be saved and never to be shown."""
    found = find_original(runtime, document)
    if found is None:
        raise NotFound(f"There is no original of a document {document} that you may read.")
    file, data = found
    headers = {
        "content-disposition": f"attachment; filename*=UTF-8''{quote(file.name, safe='')}",
        "content-security-policy": "default-src 'none'; sandbox",
    }
    return Response(data, media_type="application/octet-stream", headers=headers)


@router.get("/sources/{document}/pages/{page}")
def show_page_image(
    runtime: InRights,
    document: Id,
    page: Annotated[int, Path(ge=1, le=100_000)],
    start: Offset = 0,
    end: Offset = 0,
) -> Response:
    """A page of a PDF as a PNG image, with a span marked."""
    found = read_source(runtime, document, start, end, PANEL_CHARACTERS)
    data = render_page_image(runtime, found, page)
    return Response(data, media_type="image/png", headers={"cache-control": "private, no-store"})
