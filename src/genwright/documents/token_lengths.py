"""Tokens of a long text, counted once."""

from array import array
from bisect import bisect_left
from collections.abc import Callable

_PIECE = 500_000
"""Characters that are tokenized at once: lists of token offsets are large."""


class TokenMeasure:
    r"""How many tokens a span has, and where one of a given length ends.

    Example:
        >>> import re
        >>> words = lambda text: [match.span() for match in re.finditer(r"\w+", text)]
        >>> TokenMeasure("one two three", words).count(0, 7)
        2
    """

    def __init__(self, text: str, tokens: Callable[[str], list[tuple[int, int]]]) -> None:
        self._starts = array("q")
        begin = 0
        while begin < len(text):
            end = len(text)
            if end - begin > _PIECE:
                newline = text.rfind("\n", begin + 1, begin + _PIECE)
                end = newline if newline > begin else begin + _PIECE
            self._starts.extend(begin + start for start, _ in tokens(text[begin:end]))
            begin = end

    def count(self, start: int, end: int) -> int:
        """Tokens that begin in ``text[start:end]``."""
        return bisect_left(self._starts, end) - bisect_left(self._starts, start)

    def find_end(self, start: int, size: int, end: int) -> int:
        """Largest offset up to ``end`` such that a span from ``start`` has at most so many tokens.

        Always beyond ``start``, so that a cut advances.
        """
        index = bisect_left(self._starts, start) + size
        cut = self._starts[index] if index < len(self._starts) else end
        return max(start + 1, min(cut, end))

    def find_start(self, end: int, size: int) -> int:
        """Where the last so many tokens before an offset begin."""
        index = bisect_left(self._starts, end) - size
        return self._starts[index] if 0 <= index < len(self._starts) else 0
