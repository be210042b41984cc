"""What is in a workspace, told without loading a model or an index."""

from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import func, select

from genwright.catalog import Catalog
from genwright.rag.library import list_collections
from genwright.storage import Document, Passage, Vector, readable
from genwright.types import Json, Principal
from genwright.workspace import Workspace


def read_status(workspace: Workspace, principal: Principal) -> Json:
    """Counts, models, sizes on disk in bytes, schema, and how far the vectors go.

    Returns:
        ``{"workspace", "schema_version", "documents", "passages", "characters", "collections",
        "vectors": {embedder: number}, "without_vector", "models": [{"name", "kind", "bytes"}],
        "embedding_model", "chat_model", "bytes": {"store", "indexes", "models"}}``, where
        ``without_vector`` counts passages that the embedding model in use has not seen.
    """
    with workspace.database.read(principal) as session:
        documents, characters = session.execute(
            select(func.count(), func.coalesce(func.sum(Document.characters), 0)).where(
                readable(principal)
            )
        ).one()
        passages = session.scalar(
            select(func.count())
            .select_from(Passage)
            .join(Document, Passage.document_id == Document.id)
            .where(readable(principal))
        )
        stored = session.scalar(select(func.count()).select_from(Passage)) or 0
        by_embedder = select(Vector.embedder, func.count()).group_by(Vector.embedder)
        vectors = dict(session.execute(by_embedder).all())
    model = workspace.settings.embedding.model
    # A fingerprint begins with the model's name; reading all of it would load the model.
    ours = [number for name, number in vectors.items() if name.startswith(f"{model}-")]
    return {
        "workspace": str(workspace.root),
        "schema_version": workspace.database.schema_version(),
        "documents": documents,
        "passages": passages,
        "characters": characters,
        "collections": list_collections(workspace.database, principal),
        "vectors": vectors,
        "without_vector": stored - max(ours, default=0),
        "models": list(_models(workspace)),
        "embedding_model": model,
        "chat_model": workspace.settings.answer.model,
        "bytes": {
            "store": sum(_size(path) for path in workspace.root.glob("genwright.db*")),
            "indexes": _size(workspace.indexes_dir),
            "models": _size(workspace.models_dir),
        },
    }


def _models(workspace: Workspace) -> Iterator[Json]:
    for model in Catalog(workspace.models_dir).models():
        if model.pulled:
            yield {"name": model.name, "kind": model.kind, "bytes": model.bytes_on_disk}


def _size(path: Path) -> int:
    """Bytes of a file, or of all files below a folder."""
    if path.is_dir():
        return sum(each.stat().st_size for each in path.rglob("*") if each.is_file())
    return path.stat().st_size if path.is_file() else 0
