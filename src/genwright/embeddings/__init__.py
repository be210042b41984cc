"""Embeddings: texts as unit-length vectors.

Example:
    >>> from genwright.embeddings import embedders
    >>> embedder = embedders.get("hashing")()
    >>> embedder.embed(["one text", "another"]).shape
    (2, 256)
"""

from pathlib import Path

from genwright.embeddings.base import Embedder, embedders
from genwright.embeddings.prepare import prepare

__all__ = ["Embedder", "embedders", "open_embedder", "prepare"]


def open_embedder(folder: Path, *, name: str, threads: int, batch_tokens: int) -> Embedder:
    """The embedder in a prepared folder.

    Args:
        folder: What ``prepare`` made.
        name: Catalog name.
        threads: Processor threads.
        batch_tokens: Tokens that are embedded at once.

    Raises:
        EngineFailed: The folder holds no prepared model.
    """
    from genwright.embeddings.bert import BertEmbedder

    return BertEmbedder(folder, name=name, threads=threads, batch_tokens=batch_tokens)
