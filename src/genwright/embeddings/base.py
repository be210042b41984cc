"""The protocol of embedders."""

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from genwright.plugins import Plugins
from genwright.types import Progress, Vectors, ignore_progress


@runtime_checkable
class Embedder(Protocol):
    """Turns texts into unit-length vectors whose inner product is their likeness.

    A text longer than ``max_tokens`` is embedded by its beginning. The empty text has a vector too.
    Some models want passages marked apart from the questions that look for them: such a mark is no
    part of the text, is not counted in ``max_tokens`` and not among ``locate_tokens``.
    """

    name: str
    fingerprint: str
    """Names the vector space: stored beside vectors, so that those of two models never mix."""
    dim: int
    max_tokens: int

    def embed(self, texts: Sequence[str], progress: Progress = ignore_progress) -> Vectors:
        """Vectors of passages in the order of the texts, float32, shape (n, dim)."""
        ...

    def embed_queries(self, texts: Sequence[str], progress: Progress = ignore_progress) -> Vectors:
        """Vectors of what is asked or claimed, to be compared with those of ``embed``.

        Texts that are compared with their like, as questions with questions, are embedded by it,
        too.
        """
        ...

    def locate_tokens(self, text: str) -> list[tuple[int, int]]:
        """Where each token of a text begins and ends, in characters; not cut, no special tokens."""
        ...

    def close(self) -> None:
        """Give back memory and processes."""
        ...


embedders: Plugins[Embedder] = Plugins("genwright.embeddings")
