"""Files, vector stores and feedback on the wire: requests with bounds, rows as the API has them."""

from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints

from genwright.errors import NotFound
from genwright.feedback.collect import LONGEST
from genwright.library.collections import CollectionSummary
from genwright.library.files import FileAttachment, FileInfo
from genwright.retrieval import Hit
from genwright.server.api.shared.requests import ClosedModel, Metadata
from genwright.types import Json

FileId = Annotated[str, StringConstraints(min_length=1, max_length=64)]
Attributes = Annotated[
    dict[
        Annotated[str, StringConstraints(min_length=1, max_length=64)],
        Annotated[str, StringConstraints(max_length=512)] | float | bool,
    ],
    Field(max_length=16),
]
Name = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Query = Annotated[str, StringConstraints(min_length=1, max_length=20_000)]
Strategy = Annotated[dict[str, Any], Field(max_length=4)]
"""Taken and without effect: documents are cut as the workspace's settings say."""


class VectorStoreCreateBody(ClosedModel):
    """https://platform.openai.com/docs/api-reference/vector-stores/create."""

    name: Name | None = None
    file_ids: Annotated[list[FileId], Field(max_length=500)] | None = None
    metadata: Metadata | None = None
    description: Annotated[str, StringConstraints(max_length=1000)] | None = None
    expires_after: Annotated[dict[str, Any], Field(max_length=2)] | None = None
    """Taken and without effect: what is stored stays until it is removed."""
    chunking_strategy: Strategy | None = None


class VectorStoreUpdateBody(ClosedModel):
    """What of a vector store may be changed."""

    name: Name | None = None
    metadata: Metadata | None = None
    expires_after: Annotated[dict[str, Any], Field(max_length=2)] | None = None


class VectorStoreFileBody(ClosedModel):
    """A file to be put into a vector store."""

    file_id: FileId
    attributes: Attributes | None = None
    chunking_strategy: Strategy | None = None


class FileBatchBody(ClosedModel):
    """Several of them."""

    file_ids: Annotated[list[FileId], Field(min_length=1, max_length=500)] | None = None
    files: Annotated[list[VectorStoreFileBody], Field(min_length=1, max_length=500)] | None = None
    attributes: Attributes | None = None
    chunking_strategy: Strategy | None = None


class FileUpdateBody(ClosedModel):
    """Other attributes of a file in a vector store."""

    attributes: Attributes


class VectorStoreSearchBody(ClosedModel):
    """https://platform.openai.com/docs/api-reference/vector-stores/search."""

    query: Query | Annotated[list[Query], Field(min_length=1, max_length=8)]
    max_num_results: Annotated[int, Field(ge=1, le=50)] = 10
    filters: Annotated[dict[str, Any], Field(max_length=8)] | None = None
    """Comparison (``type`` eq, ne, gt, gte, lt, lte, in, nin) or compound (``and``, ``or``)."""
    ranking_options: Annotated[dict[str, Any], Field(max_length=8)] | None = None
    """``score_threshold`` is heeded; rankers are the workspace's."""
    rewrite_query: bool = False
    """Taken and without effect."""


class CitationBody(ClosedModel):
    """A span of a document."""

    document: Annotated[int, Field(ge=1)]
    start: Annotated[int, Field(ge=0)]
    end: Annotated[int, Field(ge=1)]
    """Characters of the document's text, end excluded."""
    text: Annotated[str, StringConstraints(max_length=LONGEST)] = ""


class FeedbackBody(ClosedModel):
    """What somebody thinks of a response."""

    response_id: Annotated[str, StringConstraints(min_length=1, max_length=80)]
    """Id of a response, ``chatcmpl-…`` or ``resp_…``, or of its trace."""
    thumb: Literal["up", "down"] | None = None
    """``up`` or ``down``."""
    rating: Annotated[int, Field(ge=1, le=5)] | None = None
    correction: Annotated[str, StringConstraints(max_length=LONGEST)] = ""
    comment: Annotated[str, StringConstraints(max_length=LONGEST)] = ""
    citation: CitationBody | None = None
    """A better place in a source."""
    intent: Annotated[str, StringConstraints(max_length=50)] = ""
    """Kind of what was wanted, such as ``list``, where the answer took it for another."""
    consent: bool | None = None
    """Whether a model may learn from it; by default as the settings say."""


def format_file(file: FileInfo) -> Json:
    """A file."""
    return {
        "id": file.id,
        "object": "file",
        "bytes": file.size,
        "created_at": file.created_at,
        "filename": file.name,
        "purpose": file.purpose,
        "status": "processed",
        "expires_at": None,
        "status_details": None,
    }


def format_store(shelf: CollectionSummary) -> Json:
    """A collection as a vector store."""
    counts = {
        "in_progress": shelf.in_progress,
        "completed": shelf.documents,
        "failed": shelf.failed,
        "cancelled": 0,
    }
    return {
        "id": f"vs_{shelf.id}",
        "object": "vector_store",
        "created_at": shelf.created_at,
        "name": shelf.name,
        "usage_bytes": shelf.characters,
        "file_counts": {**counts, "total": sum(counts.values())},
        "status": "in_progress" if shelf.in_progress else "completed",
        "last_active_at": shelf.created_at,
        "metadata": {},
        "expires_after": None,
        "expires_at": None,
    }


def format_attached_file(each: FileAttachment) -> Json:
    """A file of a vector store."""
    failed = {"code": "unsupported_file", "message": each.error} if each.error else None
    return {
        "id": each.file_id,
        "object": "vector_store.file",
        "created_at": each.created_at,
        "vector_store_id": f"vs_{each.collection}",
        "status": each.status,
        "last_error": failed,
        "usage_bytes": each.size,
        "attributes": each.attributes,
        "chunking_strategy": {"type": "other"},
    }


def format_hit(hit: Hit, file: FileAttachment | None) -> Json:
    """A hit of a search."""
    return {
        "file_id": file.file_id if file else f"document-{hit.document}",
        "filename": file.name if file else hit.source.rpartition("/")[2],
        "score": round(hit.score, 6),
        "attributes": file.attributes if file else {},
        "content": [{"type": "text", "text": hit.text}],
        "x_genwright": {
            "document": hit.document,
            "page": hit.page,
            "section": hit.section,
            "start": hit.start,
            "end": hit.end,
            "scores": dict(hit.scores),
        },
    }


def format_list(rows: list[Json], *, more: bool = False) -> Json:
    """A page of a list."""
    return {
        "object": "list",
        "data": rows,
        "first_id": rows[0]["id"] if rows else None,
        "last_id": rows[-1]["id"] if rows else None,
        "has_more": more,
    }


def parse_store_id(vector_store: str) -> int:
    """The collection of a vector store's id.

    Raises:
        NotFound: It is none.
    """
    number = vector_store.removeprefix("vs_")
    if vector_store == number or not (number.isascii() and number.isdigit() and len(number) < 16):
        raise NotFound(f"There is no vector store {vector_store[:80]!r}.")
    return int(number)


def paginate_rows(rows: list[Json], after: str | None, limit: int) -> Json:
    """A page of rows that are all at hand.

    Args:
        rows: All of them, in order.
        after: Id of the last row of the page before.
        limit: Most rows of a page.
    """
    ids = [row["id"] for row in rows]
    start = ids.index(after) + 1 if after in ids else 0
    page = rows[start : start + limit]
    return format_list(page, more=start + limit < len(rows))
