"""Two texts as rows of token ids, a long second one in overlapping windows."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from genwright.embeddings.arithmetic import Array

OVERLAP = 48
"""Tokens that two windows share, so that no sentence is lost at a cut; at most half of one."""


@dataclass(frozen=True)
class PairWindow:
    """One row that the model reads."""

    ids: list[int]
    second: int
    """Place in ``ids`` of the first token of the second text: of its title where it has one."""
    at: int
    """Place in ``ids`` of the first token of the text."""
    first: int
    """Number, in the text, of that token."""
    size: int
    """How many tokens of the text are in it."""

    @property
    def sides(self) -> Array:
        """The weights of ``average_sides``."""
        return average_sides(len(self.ids), self.second)


@dataclass(frozen=True)
class EncodedPair:
    """The rows of two texts."""

    windows: list[PairWindow]
    """None for a text without tokens."""
    offsets: list[tuple[int, int]]
    """Where each token of the text begins and ends, in characters."""


@dataclass(frozen=True)
class PairEncoder:
    """Makes the rows ``<s> FIRST </s></s> SECOND </s>``.

    Args:
        tokenizer: Of the model.
        begin: Id of the token that a row begins with.
        end: Id of the token that ends each text.
        most_tokens: Of a row.
        first_tokens: At most so many are kept of the first text.
    """

    tokenizer: Any
    begin: int
    end: int
    most_tokens: int
    first_tokens: int

    def encode(self, first: str, title: str, text: str) -> EncodedPair:
        """The rows of a first text and a text with its title, which stands in every window."""
        head = f"{title}\n" if title else ""
        second = self.tokenizer.encode(head + text, add_special_tokens=False)
        titled = sum(end <= len(head) for _, end in second.offsets) if head else 0
        offsets = [
            (max(0, start - len(head)), end - len(head)) for start, end in second.offsets[titled:]
        ]
        opening = self._open(first)
        room = self.most_tokens - len(opening) - 1
        before = second.ids[:titled]
        if titled > room // 2:
            before = before[: room // 2]
        return EncodedPair(self._cut(opening, before, second.ids[titled:]), offsets)

    def _open(self, first: str) -> list[int]:
        ids = self.tokenizer.encode(first, add_special_tokens=False).ids
        return [self.begin, *ids[: self.first_tokens], self.end, self.end]

    def _cut(self, first: list[int], title: Sequence[int], text: Sequence[int]) -> list[PairWindow]:
        opening = [*first, *title]
        room = self.most_tokens - len(opening) - 1
        last = max(0, len(text) - room)
        step = room - min(OVERLAP, room // 2)
        # The last window is full: it shares more with the one before.
        starts = [min(start, last) for start in range(0, last + step, step)] if text else []
        return [
            PairWindow([*opening, *part, self.end], len(first), len(opening), at, len(part))
            for at in starts
            if (part := text[at : at + room])
        ]


def average_sides(tokens: int, second: int) -> Array:
    """Weights that average the tokens of the first text and those of the second, shape (2, T).

    Args:
        tokens: T, of the whole row.
        second: Place of the second text's first token.
    """
    sides = np.zeros((2, tokens), np.float32)
    # Not <s>, nor the two </s> between the texts, nor the last one.
    for side, start, end in ((0, 1, second - 2), (1, second, tokens - 1)):
        sides[side, start:end] = 1 / max(end - start, 1)
    return sides
