"""One trained model that reads pairs of texts, as it runs."""

from collections.abc import Sequence
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

BATCH_TOKENS = 4096


class PairModel:
    """A shipped file in an embedding model's folder; its graph is loaded when it is first needed.

    Args:
        folder: Of the embedding model that it is built on, with ``tokenizer.json``.
        threads: Processor threads.
        file: What is shipped.
        words: The model's word vectors; None reads them out of the folder.

    Raises:
        UntrustedWeights: The shipped file is missing, damaged or of another form.
    """

    def __init__(
        self, folder: Path, threads: int, *, file: Path, words: WordTable | None = None
    ) -> None:
        self._folder, self._threads, self._file, self._words = folder, threads, file, words
        self.about = load_about(file)

    def encode(self, first: str, title: str, text: str) -> EncodedPair:
        """Two texts as the rows that are read."""
        return self._encoder.encode(first, title, text)

    def run(self, windows: Sequence[PairWindow]) -> tuple[Array, list[Array]]:
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

    def calibrate(self, head: str, logits: Array) -> Array:
        """Probabilities of a head's logits, as the file's header has them calibrated."""
        fitted = self.about.get("calibration", {}).get(head, {})
        return sigmoid(logits / fitted.get("temperature", 1.0) + fitted.get("bias", 0.0))

    def close(self) -> None:
        """Drop the graph from memory; it is loaded again when it is needed."""
        self.__dict__.pop("_session", None)

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
