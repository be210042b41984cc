"""Documents: collections, uploading, rights, removing, and searching within."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, File, Form, Query, Request, UploadFile
from starlette.responses import JSONResponse, Response

from genwright.access import allowed, audit, grants
from genwright.access.grants import Target
from genwright.errors import NotFound
from genwright.library.collections import (
    Shelf,
    create_collection,
    get_collection,
    remove_collection,
    rename_collection,
    shelves,
)
from genwright.library.documents import Listed, list_in, remove_documents
from genwright.library.reindex import reindex
from genwright.library.upload import upload_document
from genwright.retrieval import Scope
from genwright.retrieval.search import MODES
from genwright.runtime import Runtime
from genwright.server.deps import InRights, may
from genwright.server.pages.views.highlights import marked
from genwright.server.pages.views.rendering import back, render, told_of

router = APIRouter(prefix="/documents", include_in_schema=False)
PAGE = 50
"""Documents of one page."""
ADDS, SHARES = [Depends(may("documents.add"))], [Depends(may("rights.grant"))]


@dataclass(frozen=True)
class Shown:
    """A collection as its page shows it."""

    shelf: Shelf
    documents: list[Listed]
    grants: list[grants.Granted]
    page: int

    @property
    def pages(self) -> int:
        """How many there are."""
        return max(1, -(-self.shelf.documents // PAGE))


@router.get("")
def listing(request: Request, parts: InRights) -> Response:
    """Every collection the reader knows of, and where to put files."""
    found = shelves(parts)
    return render(request, "documents.html", shelves=found, message=told_of(request))


@router.post("", dependencies=[Depends(may("collections.create"))])
def create(parts: InRights, name: Annotated[str, Form(max_length=200)]) -> Response:
    """Make a collection."""
    return back(f"/documents/in/{create_collection(parts, name.strip()).id}")


@router.get("/in/{collection}")
def one(
    request: Request,
    parts: InRights,
    collection: int,
    page: Annotated[int, Query(ge=1, le=100_000)] = 1,
) -> Response:
    """A collection: its documents, who may read them, and a search."""
    shown = _shown(parts, collection, page)
    return render(
        request, "collection.html", shown=shown, message=told_of(request), search=_search()
    )


@router.get("/in/{collection}/search")
def search(
    request: Request,
    parts: InRights,
    collection: int,
    q: Annotated[str, Query(max_length=2000)] = "",
    mode: Annotated[str, Query(max_length=20)] = "hybrid",
) -> Response:
    """What a search in a collection finds, with the scores that found it."""
    shown = _shown(parts, collection, 1)
    mode = mode if mode in MODES else "hybrid"
    scope = Scope((shown.shelf.name,))
    hits = parts.find(q, k=20, mode=mode, scope=scope) if q.strip() else []
    rows = [(hit, marked(hit.text, q)) for hit in hits]
    found = _search(q, mode, rows)
    return render(request, "collection.html", shown=shown, message="", search=found)


@router.post("/upload", dependencies=ADDS)
def upload(
    request: Request,
    parts: InRights,
    files: Annotated[list[UploadFile], File()],
    collection: Annotated[str, Form(max_length=200)] = "",
) -> Response:
    """Add files to a collection, by its number or name; each is told what became of it."""
    found = [
        upload_document(parts, collection, file.filename or "", file.file.read()) for file in files
    ]
    if "application/json" in request.headers.get("accept", ""):
        return JSONResponse({"files": [each.__dict__ for each in found]})
    failed = [f"{each.name}: {each.reason}" for each in found if each.reason]
    return back(f"/documents/in/{found[0].collection}", "; ".join(failed) or "Added.")


@router.post("/in/{collection}/rename", dependencies=ADDS)
def rename(
    parts: InRights, collection: int, name: Annotated[str, Form(max_length=200)]
) -> Response:
    """Call a collection something else."""
    rename_collection(parts, collection, name.strip())
    return back(f"/documents/in/{collection}")


@router.post("/in/{collection}/remove", dependencies=ADDS)
def remove(parts: InRights, collection: int) -> Response:
    """Remove a collection with its documents."""
    remove_collection(parts, collection)
    return back("/documents", "The collection was removed.")


@router.post(
    "/in/{collection}/documents/{document}/remove", dependencies=[Depends(may("documents.add"))]
)
def remove_document(parts: InRights, collection: int, document: int) -> Response:
    """Remove a document."""
    remove_documents(parts.workspace.database, parts.principal, [str(document)])
    return back(f"/documents/in/{collection}", "The document was removed.")


@router.post(
    "/in/{collection}/documents/{document}/restrict", dependencies=[Depends(may("rights.grant"))]
)
def restrict(
    parts: InRights, collection: int, document: int, on: Annotated[bool, Form()] = False
) -> Response:
    """Let rights on the collection reach a document, or not."""
    grants.restrict(parts.workspace.database, parts.principal, document, on)
    return back(f"/documents/in/{collection}")


@router.post("/in/{collection}/rights", dependencies=SHARES)
def share(
    parts: InRights,
    collection: int,
    holder: Annotated[str, Form(max_length=200)],
    right: Annotated[str, Form(max_length=20)] = "read",
    document: Annotated[int | None, Form()] = None,
) -> Response:
    """Give a right on the collection, or on one document of it; ``none`` takes it back."""
    target = _target(collection, document)
    database, principal = parts.workspace.database, parts.principal
    if right == "none":
        grants.revoke(database, principal, holder.strip(), target)
    else:
        grants.grant(database, principal, holder.strip(), target, right)
    return back(f"/documents/in/{collection}#rights")


@router.post("/reindex", dependencies=[Depends(may("reindex"))])
def index_again(parts: InRights) -> Response:
    """Make every index anew from the store."""
    reindex(parts)
    with parts.workspace.database.write(parts.principal) as session:
        audit.record(session, "reindex")
    return back("/documents", "Every index was made anew.")


def _target(collection: int, document: int | None) -> Target:
    if document is None:
        return Target("collection", collection)
    return Target("document", document)


def _shown(parts: Runtime, collection: int, page: int) -> Shown:
    shelf = get_collection(parts, collection)
    documents = list_in(
        parts.workspace.database, parts.principal, collection, limit=PAGE, offset=PAGE * (page - 1)
    )
    return Shown(shelf, documents, _grants(parts, collection), page)


def _grants(parts: Runtime, collection: int) -> list[grants.Granted]:
    if not allowed(parts.principal, "rights.grant"):
        return []
    try:
        target = Target("collection", collection)
        return grants.list_grants(parts.workspace.database, parts.principal, target)
    except NotFound:  # they may read it, and not share it
        return []


def _search(q: str = "", mode: str = "hybrid", hits: object = ()) -> dict[str, object]:
    return {"q": q, "mode": mode, "modes": MODES, "hits": hits}
