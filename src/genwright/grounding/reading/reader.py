"""Reads pairs of texts: which words of a passage answer, and whether a source supports a claim."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from genwright.embeddings.arithmetic import Array
from genwright.embeddings.batches import plan_batches
from genwright.embeddings.words import WordTable
from genwright.errors import EngineFailed
from genwright.grounding.reading.built import build_reader, sigmoid
from genwright.grounding.reading.shipped import load_about
from genwright.grounding.reading.windows import EncodedPair, PairEncoder, PairWindow

ANSWERS, SUPPORTS = 0, 1
"""Columns of ``rows``."""

BATCH_TOKENS = 4096


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
    """The reader in an embedding model's folder; the graph is loaded when it is first needed.

    Args:
        folder: Of the embedding model that the reader is built on, with ``tokenizer.json``.
        threads: Processor threads.
        file: The shipped reader.
        words: The model's word vectors; None reads them out of the folder.

    Raises:
        UntrustedWeights: The shipped file is missing, damaged or of another form.
    """

    def __init__(
        self, folder: Path, threads: int, *, file: Path, words: WordTable | None = None
    ) -> None:
        self._folder, self._threads, self._file, self._words = folder, threads, file, words
        self.about = load_about(file)

    def read(self, question: str, passages: Sequence[ReadText]) -> list[Reading]:
        """What each passage says to a question, in the order of the passages.

        A long passage is read in windows; of each token and of the whole the highest counts.
        """
        first = f"query: {question}"
        pairs = [self._encoder.encode(first, each.title, each.text) for each in passages]
        rows, words = self._run([window for pair in pairs for window in pair.windows])
        answers = self._calibrate("answers", rows[:, ANSWERS])
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
        pairs = [self._encoder.encode(first, "", source) for source in sources]
        rows, _ = self._run([window for pair in pairs for window in pair.windows])
        found = self._calibrate("supports", rows[:, SUPPORTS])
        ends = np.cumsum([len(pair.windows) for pair in pairs])
        parts = np.split(found, ends[:-1]) if pairs else []
        return [float(part.max(initial=0.0)) for part in parts]

    def close(self) -> None:
        """Drop the model from memory; it is loaded again when it is needed."""
        self.__dict__.pop("_session", None)

    def _run(self, windows: Sequence[PairWindow]) -> tuple[Array, list[Array]]:
        """Logits of each window, (n, 2), and of its tokens."""
        rows = np.zeros((len(windows), 2), np.float32)
        words: list[Array] = [np.empty(0, np.float32)] * len(windows)
        ids = [window.ids for window in windows]
        for batch in plan_batches(ids, BATCH_TOKENS):
            block = {
                "ids": np.array([ids[number] for number in batch], dtype=np.int64),
                "sides": np.stack([windows[number].sides for number in batch]),
            }
            rows[batch], marks = self._session.run(["rows", "words"], block)
            for number, row in zip(batch, marks, strict=True):
                words[number] = row
        return rows, words

    def _merge(self, pair: EncodedPair, words: Iterable[Array]) -> Array:
        marks = np.zeros(len(pair.offsets), np.float32)
        for window, logits in zip(pair.windows, words, strict=True):
            here = slice(window.first, window.first + window.size)
            found = self._calibrate("words", logits[window.at : window.at + window.size])
            marks[here] = np.maximum(marks[here], found)
        return marks

    def _calibrate(self, head: str, logits: Array) -> Array:
        fitted = self.about.get("calibration", {}).get(head, {})
        return sigmoid(logits / fitted.get("temperature", 1.0) + fitted.get("bias", 0.0))

    @cached_property
    def _session(self) -> Any:  # noqa: ANN401 - the runtime has no type stubs
        return build_reader(self._folder, self._file, self._words).open(self._threads)

    @cached_property
    def _encoder(self) -> PairEncoder:
        from tokenizers import Tokenizer

        file = self._folder / "tokenizer.json"
        if not file.is_file():
            raise EngineFailed(f"{self._folder} has no tokenizer.json; pull the model again.")
        tokenizer = Tokenizer.from_file(str(file))
        tokenizer.no_padding()
        tokenizer.no_truncation()
        about = self.about
        return PairEncoder(
            tokenizer, about["begin"], about["end"], about["most_tokens"], about["question_tokens"]
        )
