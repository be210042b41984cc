"""The protocol of embedders."""

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from genwright.plugins import Plugins
from genwright.types import Progress, Vectors, ignore_progress


@runtime_checkable
class Embedder(Protocol):
    """Turns texts into unit-length vectors whose inner product is their likeness.

    A text longer than ``max_tokens`` is embedded by its beginning. The empty text has a vector too.
    """

    name: str
    fingerprint: str
    """Names the vector space: stored beside vectors, so that those of two models never mix."""
    dim: int
    max_tokens: int

    def embed(self, texts: Sequence[str], progress: Progress = ignore_progress) -> Vectors:
        """Vectors in the order of the texts, float32, shape (n, dim)."""
        ...

    def locate_tokens(self, text: str) -> list[tuple[int, int]]:
        """Where each token of a text begins and ends, in characters; not cut, no special tokens."""
        ...

    def close(self) -> None:
        """Give back memory and processes."""
        ...


embedders: Plugins[Embedder] = Plugins("genwright.embeddings")
