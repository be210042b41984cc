"""BERT-kind encoders on ONNX Runtime, from a folder that ``prepare`` made."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from genwright.embeddings.base import embedders
from genwright.embeddings.batches import plan_batches
from genwright.embeddings.fidelity import OPTIONS, find_products
from genwright.embeddings.sessions import open_session
from genwright.errors import EngineFailed
from genwright.types import Json, Progress, Vectors, ignore_progress


@embedders.register("bert")
class BertEmbedder:
    """Runs texts of one length together and pads none; long texts one by one.

    Args:
        folder: What ``prepare`` made.
        name: Catalog name.
        threads: Processor threads.
        batch_tokens: Tokens of short texts that run together.
    """

    def __init__(
        self, folder: Path, *, name: str, threads: int = 1, batch_tokens: int = 4096
    ) -> None:
        self.name, self._folder, self._threads = name, folder, threads
        self._batch_tokens = batch_tokens
        try:
            about = json.loads((folder / "embedder.json").read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise EngineFailed(
                f"{folder} holds no prepared embedder ({error}): genwright models pull {name}"
            ) from error
        self._about: Json = about
        self._query, self._passage = about.get("query_prefix", ""), about.get("passage_prefix", "")
        self.fingerprint = f"{name}-{about['weights_sha256'][:12]}-{about['form']}"
        self._tokenizer = self._load_tokenizer()
        marks = (self._count_prefix(self._query), self._count_prefix(self._passage))
        self.dim, self.max_tokens = int(about["dim"]), int(about["max_tokens"]) - max(marks)
        self._session: Any = None

    def embed(self, texts: Sequence[str], progress: Progress = ignore_progress) -> Vectors:
        """Vectors of passages in the order of the texts, float32, shape (n, dim)."""
        return self._embed(self._passage, texts, progress)

    def embed_queries(self, texts: Sequence[str], progress: Progress = ignore_progress) -> Vectors:
        """Vectors of what is asked; the same as ``embed`` where the model marks neither."""
        return self._embed(self._query, texts, progress)

    def _embed(self, prefix: str, texts: Sequence[str], progress: Progress) -> Vectors:
        vectors = np.empty((len(texts), self.dim), dtype=np.float32)
        ids = self._encode(prefix, texts)
        done = 0
        for batch in plan_batches(ids, self._batch_tokens):
            block = np.array([ids[number] for number in batch], dtype=np.int64)
            vectors[batch] = self._run(block)
            done += len(batch)
            progress(done, len(texts), "texts embedded")
        return vectors

    def locate_tokens(self, text: str) -> list[tuple[int, int]]:
        """Where each token of a text begins and ends, in characters."""
        encoding = self._encode_piece(text)
        return [(start, end) for start, end in encoding.offsets if end > start]

    def decode_tokens(self, tokens: Sequence[int]) -> str:
        """The text of token ids of the model's own vocabulary; unknown ones give nothing."""
        text: str = self._tokenizer.decode(list(tokens))
        return text

    def close(self) -> None:
        """Drop the model from memory; it is loaded again when it is needed."""
        self._session = None

    def _encode_piece(self, text: str) -> Any:  # noqa: ANN401 - the package has no type stubs
        return self._tokenizer.encode(text, add_special_tokens=False)

    def _count_prefix(self, prefix: str) -> int:
        """Tokens that a prefix adds; its last blank goes with the word that follows."""
        return len(self._encode_piece(prefix.strip()))

    def _encode(self, prefix: str, texts: Sequence[str]) -> list[list[int]]:
        # Far longer than the model reads: cut before the tokenizer sees it all.
        cut = [prefix + text[: 16 * self.max_tokens] for text in texts]
        most = self.max_tokens + self._count_prefix(prefix)
        return [_cut(encoding.ids, most) for encoding in self._tokenizer.encode_batch(cut)]

    def _run(self, ids: np.ndarray) -> Vectors:
        if self._session is None:
            self._session = self._load()
        vectors: Vectors = self._session.run(["vectors"], {"ids": ids})[0]
        return vectors

    def _load(self) -> Any:  # noqa: ANN401 - the runtime has no type stubs
        products = find_products(self._folder, self._about)
        return open_session(self._folder / "model.onnx", self._threads, OPTIONS[products])

    def _load_tokenizer(self) -> Any:  # noqa: ANN401
        from tokenizers import Tokenizer

        tokenizer = Tokenizer.from_file(str(self._folder / "tokenizer.json"))
        tokenizer.no_padding()
        tokenizer.no_truncation()
        return tokenizer


def _cut(ids: list[int], most: int) -> list[int]:
    """At most so many tokens, the closing special token kept."""
    return ids if len(ids) <= most else [*ids[: most - 1], ids[-1]]
