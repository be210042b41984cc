"""Reads pairs of texts: which words of a passage answer, and whether a source supports a claim."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from genwright.embeddings.arithmetic import Array
from genwright.grounding.reading.model import PairModel
from genwright.grounding.reading.windows import EncodedPair

ANSWERS, SUPPORTS = 0, 1
"""Columns of ``rows``."""


@dataclass(frozen=True)
class ReadText:
    """A passage to read."""

    title: str
    """Empty where there is none."""
    text: str


@dataclass(frozen=True)
class Reading:
    """What the reader says of a passage."""

    probability: float
    """That it answers the question, 0 to 1."""
    offsets: list[tuple[int, int]]
    """Where each token of the text begins and ends, in characters."""
    marks: Array
    """Probability of each token that it belongs to what answers, float32."""


class PairReader:
    """Reads and checks, each with the model that was trained for it.

    Args:
        reader: Sees which words of a passage answer a question.
        checker: Sees whether a source says what a claim states.
    """

    def __init__(self, reader: PairModel, checker: PairModel) -> None:
        self._reader, self._checker = reader, checker

    def read(self, question: str, passages: Sequence[ReadText]) -> list[Reading]:
        """What each passage says to a question, in the order of the passages.

        A long passage is read in windows; of each token and of the whole the highest counts.
        """
        first = f"query: {question}"
        pairs = [self._reader.encode(first, each.title, each.text) for each in passages]
        rows, words = self._reader.run([window for pair in pairs for window in pair.windows])
        answers = self._reader.calibrate("answers", rows[:, ANSWERS])
        readings, place = [], 0
        for pair in pairs:
            here = slice(place, place + len(pair.windows))
            probability = float(answers[here].max(initial=0.0))
            marks = self._merge(pair, words[here])
            readings.append(Reading(probability, pair.offsets, marks))
            place = here.stop
        return readings

    def check(self, claim: str, sources: Sequence[str]) -> list[float]:
        """Probability of each source that it supports a claim, 0 to 1, in their order."""
        first = f"claim: {claim}"
        pairs = [self._checker.encode(first, "", source) for source in sources]
        rows, _ = self._checker.run([window for pair in pairs for window in pair.windows])
        found = self._checker.calibrate("supports", rows[:, SUPPORTS])
        ends = np.cumsum([len(pair.windows) for pair in pairs])
        parts = np.split(found, ends[:-1]) if pairs else []
        return [float(part.max(initial=0.0)) for part in parts]

    def close(self) -> None:
        """Drop the models from memory; they are loaded again when they are needed."""
        self._reader.close()
        self._checker.close()

    def _merge(self, pair: EncodedPair, words: Iterable[Array]) -> Array:
        marks = np.zeros(len(pair.offsets), np.float32)
        for window, logits in zip(pair.windows, words, strict=True):
            here = slice(window.first, window.first + window.size)
            found = self._reader.calibrate("words", logits[window.at : window.at + window.size])
            marks[here] = np.maximum(marks[here], found)
        return marks
