"""What is in a workspace, told without loading a model or an index."""

from collections.abc import Iterator
from pathlib import Path

from genwright.catalog import Catalog
from genwright.storage import SCHEMA_VERSION, StoreCounts, count_quickly, count_store
from genwright.types import Json, Principal
from genwright.workspace import Workspace

_SUMS = ("documents", "passages", "characters")


def read_status(workspace: Workspace, principal: Principal) -> Json:
    """Counts, models, sizes on disk in bytes, schema, and how far the vectors go.

    Returns:
        ``{"workspace", "schema_version", "documents", "passages", "characters", "collections",
        "vectors": {embedder: number}, "without_vector", "models": [{"name", "kind", "bytes"}],
        "embedding_model", "chat_model", "bytes": {"store", "indexes", "models"}}``, where
        ``without_vector`` counts passages that the embedding model in use has not seen.
    """
    counts = count_quickly(workspace.database_file, principal) or _count(workspace, principal)
    model = workspace.settings.embedding.model
    # A fingerprint begins with the model's name; reading all of it would load the model.
    ours = [number for name, number in counts.vectors.items() if name.startswith(f"{model}-")]
    return {
        "workspace": str(workspace.root),
        "schema_version": SCHEMA_VERSION,
        **{name: sum(row[name] for row in counts.collections) for name in _SUMS},
        "collections": counts.collections,
        "vectors": counts.vectors,
        "without_vector": counts.passages - max(ours, default=0),
        "models": list(_list_models(workspace)),
        "embedding_model": model,
        "chat_model": workspace.settings.answer.model,
        "bytes": {
            "store": sum(_measure_size(path) for path in workspace.root.glob("genwright.db*")),
            "indexes": _measure_size(workspace.indexes_dir),
            "models": _measure_size(workspace.models_dir),
        },
    }


def _count(workspace: Workspace, principal: Principal) -> StoreCounts:
    """The slower way, which makes a store, brings it up to date, or says why neither can be."""
    from sqlalchemy import text

    with workspace.database.read(principal) as session:
        return count_store(lambda sql, values: session.execute(text(sql), values).all(), principal)


def _list_models(workspace: Workspace) -> Iterator[Json]:
    for model in Catalog(workspace.models_dir).list_models():
        if model.pulled:
            yield {"name": model.name, "kind": model.kind, "bytes": model.bytes_on_disk}


def _measure_size(path: Path) -> int:
    """Bytes of a file, or of all files below a folder."""
    if path.is_dir():
        return sum(each.stat().st_size for each in path.rglob("*") if each.is_file())
    return path.stat().st_size if path.is_file() else 0
