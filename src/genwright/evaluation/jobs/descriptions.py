"""What a run of an evaluation tells of the workspace that it measured."""

from sqlalchemy import delete, func, select

from genwright import __version__
from genwright.runtime import Runtime
from genwright.storage import Document, Passage, Span
from genwright.types import Json


def count_rows(runtime: Runtime) -> Json:
    """Documents and passages that are searched."""
    with runtime.database.read(runtime.principal) as session:
        return {
            "documents": session.scalar(select(func.count()).select_from(Document)),
            "passages": session.scalar(select(func.count()).select_from(Passage)),
        }


def describe_config(runtime: Runtime) -> Json:
    """What decides the result, beside the data."""
    settings = runtime.settings
    sections = ("documents", "retrieval", "answer", "engine")
    chosen = {name: getattr(settings, name).model_dump(mode="json") for name in sections}
    return {**chosen, "embedder": runtime.models.embedder.fingerprint, "genwright": __version__}


def forget_traces(runtime: Runtime) -> None:
    """Empty a set's own store of requests: they would only make it grow with each run."""
    with runtime.database.write(runtime.principal) as session:
        session.execute(delete(Span))
