"""Documents: collections, uploading, rights, removing, and searching within."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, File, Form, Query, Request, UploadFile
from starlette.responses import JSONResponse, Response

from genwright.access import audit, grants, is_allowed
from genwright.access.grants import GrantTarget
from genwright.errors import NotFound
from genwright.library.collections import (
    CollectionSummary,
    create_collection,
    get_collection,
    list_collection_summaries,
    remove_collection,
    rename_collection,
)
from genwright.library.documents import DocumentSummary, list_collection_documents, remove_documents
from genwright.library.reindex import reindex
from genwright.library.search import find_passages
from genwright.library.upload import upload_document
from genwright.retrieval import Scope
from genwright.retrieval.search import MODES
from genwright.runtime import Runtime
from genwright.server.deps import InRights, require_action
from genwright.server.pages.views.highlights import mark_words
from genwright.server.pages.views.rendering import read_flash, redirect_back, render

router = APIRouter(prefix="/documents", include_in_schema=False)
PAGE = 50
"""Documents of one page."""
ADDS, SHARES = [Depends(require_action("documents.add"))], [Depends(require_action("rights.grant"))]


@dataclass(frozen=True)
class CollectionView:
    """A collection as its page shows it."""

    shelf: CollectionSummary
    documents: list[DocumentSummary]
    grants: list[grants.GrantRecord]
    page: int

    @property
    def pages(self) -> int:
        """How many there are."""
        return max(1, -(-self.shelf.documents // PAGE))


@router.get("")
def show_collections(request: Request, runtime: InRights) -> Response:
    """Every collection the reader knows of, and where to put files."""
    found = list_collection_summaries(runtime)
    return render(request, "documents.html", shelves=found, message=read_flash(request))


@router.post("", dependencies=[Depends(require_action("collections.create"))])
def create(runtime: InRights, name: Annotated[str, Form(max_length=200)]) -> Response:
    """Make a collection."""
    return redirect_back(f"/documents/in/{create_collection(runtime, name.strip()).id}")


@router.get("/in/{collection}")
def show_collection(
    request: Request,
    runtime: InRights,
    collection: int,
    page: Annotated[int, Query(ge=1, le=100_000)] = 1,
) -> Response:
    """A collection: its documents, who may read them, and a search."""
    shown = _make_collection_view(runtime, collection, page)
    return render(
        request,
        "collection.html",
        shown=shown,
        message=read_flash(request),
        search=_make_search_view(),
    )


@router.get("/in/{collection}/search")
def search(
    request: Request,
    runtime: InRights,
    collection: int,
    q: Annotated[str, Query(max_length=2000)] = "",
    mode: Annotated[str, Query(max_length=20)] = "hybrid",
) -> Response:
    """What a search in a collection finds, with the scores that found it."""
    shown = _make_collection_view(runtime, collection, 1)
    mode = mode if mode in MODES else "hybrid"
    scope = Scope((shown.shelf.name,))
    hits = find_passages(runtime, q, k=20, mode=mode, scope=scope) if q.strip() else []
    rows = [(hit, mark_words(hit.text, q)) for hit in hits]
    found = _make_search_view(q, mode, rows)
    return render(request, "collection.html", shown=shown, message="", search=found)


@router.post("/upload", dependencies=ADDS)
def upload(
    request: Request,
    runtime: InRights,
    files: Annotated[list[UploadFile], File()],
    collection: Annotated[str, Form(max_length=200)] = "",
) -> Response:
    """Add files to a collection, by its number or name; each is told what became of it."""
    found = [
        upload_document(runtime, collection, file.filename or "", file.file.read())
        for file in files
    ]
    if "application/json" in request.headers.get("accept", ""):
        return JSONResponse({"files": [each.__dict__ for each in found]})
    failed = [f"{each.name}: {each.reason}" for each in found if each.reason]
    return redirect_back(f"/documents/in/{found[0].collection}", "; ".join(failed) or "Added.")


@router.post("/in/{collection}/rename", dependencies=ADDS)
def rename(
    runtime: InRights, collection: int, name: Annotated[str, Form(max_length=200)]
) -> Response:
    """Call a collection something else."""
    rename_collection(runtime, collection, name.strip())
    return redirect_back(f"/documents/in/{collection}")


@router.post("/in/{collection}/remove", dependencies=ADDS)
def remove(runtime: InRights, collection: int) -> Response:
    """Remove a collection with its documents."""
    remove_collection(runtime, collection)
    return redirect_back("/documents", "The collection was removed.")


@router.post(
    "/in/{collection}/documents/{document}/remove",
    dependencies=[Depends(require_action("documents.add"))],
)
def remove_document(runtime: InRights, collection: int, document: int) -> Response:
    """Remove a document."""
    remove_documents(runtime.database, runtime.principal, [str(document)])
    return redirect_back(f"/documents/in/{collection}", "The document was removed.")


@router.post(
    "/in/{collection}/documents/{document}/restrict",
    dependencies=[Depends(require_action("rights.grant"))],
)
def restrict(
    runtime: InRights, collection: int, document: int, on: Annotated[bool, Form()] = False
) -> Response:
    """Let rights on the collection reach a document, or not."""
    grants.restrict(runtime.database, runtime.principal, document, on)
    return redirect_back(f"/documents/in/{collection}")


@router.post("/in/{collection}/rights", dependencies=SHARES)
def share(
    runtime: InRights,
    collection: int,
    holder: Annotated[str, Form(max_length=200)],
    right: Annotated[str, Form(max_length=20)] = "read",
    document: Annotated[int | None, Form()] = None,
) -> Response:
    """Give a right on the collection, or on one document of it; ``none`` takes it back."""
    target = _make_target(collection, document)
    database, principal = runtime.database, runtime.principal
    if right == "none":
        grants.revoke(database, principal, holder.strip(), target)
    else:
        grants.grant(database, principal, holder.strip(), target, right)
    return redirect_back(f"/documents/in/{collection}#rights")


@router.post("/reindex", dependencies=[Depends(require_action("reindex"))])
def rebuild_indexes(runtime: InRights) -> Response:
    """Make every index anew from the store."""
    reindex(runtime)
    with runtime.database.write(runtime.principal) as session:
        audit.record(session, "reindex")
    return redirect_back("/documents", "All indexes were rebuilt.")


def _make_target(collection: int, document: int | None) -> GrantTarget:
    if document is None:
        return GrantTarget("collection", collection)
    return GrantTarget("document", document)


def _make_collection_view(runtime: Runtime, collection: int, page: int) -> CollectionView:
    shelf = get_collection(runtime, collection)
    documents = list_collection_documents(
        runtime.database, runtime.principal, collection, limit=PAGE, offset=PAGE * (page - 1)
    )
    return CollectionView(shelf, documents, _list_grants(runtime, collection), page)


def _list_grants(runtime: Runtime, collection: int) -> list[grants.GrantRecord]:
    if not is_allowed(runtime.principal, "rights.grant"):
        return []
    try:
        target = GrantTarget("collection", collection)
        return grants.list_grants(runtime.database, runtime.principal, target)
    except NotFound:  # they may read it, and not share it
        return []


def _make_search_view(q: str = "", mode: str = "hybrid", hits: object = ()) -> dict[str, object]:
    return {"q": q, "mode": mode, "modes": MODES, "hits": hits}
