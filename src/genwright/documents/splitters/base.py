"""What cuts an extract into passages."""

from collections.abc import Callable
from typing import Protocol, runtime_checkable

from genwright.documents.base import Extract, TextPassage
from genwright.plugins import Plugins

Tokens = Callable[[str], list[tuple[int, int]]]
"""Character offsets of each token of a text, in order: the embedder's."""


@runtime_checkable
class Splitter(Protocol):
    """Cuts an extract into passages of at most ``size`` tokens, in order.

    Every character that is not blank lies in at least one passage.
    """

    size: int
    """Longest passage, in tokens."""
    overlap: int
    """Tokens repeated from the passage before, where the splitter does so."""

    def __init__(self, size: int, overlap: int) -> None: ...

    def split(self, extract: Extract, tokens: Tokens) -> list[TextPassage]:
        """Cut; the tokens are counted on pieces of the text, never on all of a long one."""
        ...


splitters: Plugins[Splitter] = Plugins("genwright.documents.splitters")
