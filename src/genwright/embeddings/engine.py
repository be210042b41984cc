"""Embedding by an engine: a GGUF model of llama.cpp, or a model of an OpenAI-compatible server."""

import hashlib
import re
from collections.abc import Sequence

import numpy as np

from genwright.embeddings.base import embedders
from genwright.engines import Engine
from genwright.types import Progress, Vectors, ignore_progress

SPECIAL = 2
"""Tokens that a model puts around a text."""

LONGEST_TOKEN = 32
"""Characters; what is beyond so many for each token that fits is not even counted."""

BATCH = 32
"""Texts sent in one request."""

# What a word piece is, about: engines count tokens and do not tell where they begin.
_PIECE = re.compile(
    "[A-Za-z]{1,6}|[0-9]{1,3}"
    "|[\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]"
    r"|\w{1,3}|[^\w\s]"
)

_PART_OF_A_WORD = re.compile(r"\s+\S{0,40}$")


@embedders.register("engine")
class EngineEmbedder:
    """Whatever an engine that embeds computes; slower than the prepared form of a BERT kind.

    Args:
        engine: Opened for embedding; closed with this.
        digest: SHA-256 of the model's file, where there is one: it names the vector space. A
            server's model is named by its name alone, so a server must not change what it means.

    Raises:
        Refused: The engine cannot embed.
        EngineFailed: It does not answer.
    """

    def __init__(self, engine: Engine, *, digest: str = "") -> None:
        self._engine, self.name = engine, engine.name
        self.max_tokens = engine.context - SPECIAL
        self.dim = int(engine.embed(["dimension"]).shape[1])
        self.fingerprint = _make_fingerprint(engine.name, digest, self.dim)

    def embed(self, texts: Sequence[str], progress: Progress = ignore_progress) -> Vectors:
        """Vectors in the order of the texts, float32, shape (n, dim)."""
        vectors = np.empty((len(texts), self.dim), dtype=np.float32)
        for start in range(0, len(texts), BATCH):
            # Engines refuse to embed nothing; a full stop says next to nothing.
            batch = [text if text.strip() else "." for text in texts[start : start + BATCH]]
            fitting = cut_to_tokens(self._engine, batch, self.max_tokens)
            vectors[start : start + len(batch)] = self._engine.embed(fitting)
            progress(start + len(batch), len(texts), "texts embedded")
        return vectors

    def embed_queries(self, texts: Sequence[str], progress: Progress = ignore_progress) -> Vectors:
        """The same as ``embed``: no engine tells how its model marks a question."""
        return self.embed(texts, progress)

    def locate_tokens(self, text: str) -> list[tuple[int, int]]:
        """Where each token about begins and ends: pieces of words, marks, single CJK characters."""
        return [match.span() for match in _PIECE.finditer(text)]

    def close(self) -> None:
        """Close the engine."""
        self._engine.close()


def cut_to_tokens(engine: Engine, texts: Sequence[str], limit: int) -> list[str]:
    """The texts, each cut to a beginning of at most ``limit`` tokens as the engine counts them.

    A text of few bytes is not counted: no token is smaller than a byte.

    Example:
        >>> from genwright.engines import engines
        >>> cut_to_tokens(engines.get("scripted")(), ["one two three four", "one"], 2)
        ['one two', 'one']
    """
    cut = [text[: LONGEST_TOKEN * limit] for text in texts]
    long = [place for place, text in enumerate(cut) if len(text.encode()) > limit]
    while long:
        counts = engine.count_tokens([cut[place] for place in long])
        over = [(place, count) for place, count in zip(long, counts, strict=True) if count > limit]
        for place, count in over:
            text = cut[place]
            shorter = text[: min(len(text) - 1, len(text) * limit // count)]
            cut[place] = _PART_OF_A_WORD.sub("", shorter) or shorter
        long = [place for place, _ in over]
    return cut


def _make_fingerprint(name: str, digest: str, dim: int) -> str:
    """At most 100 characters, as the column that holds it."""
    if digest:
        return f"{name[:60]}-{digest[:12]}-engine"
    whole = f"{name}-{dim}-engine"
    return whole if len(whole) <= 100 else f"engine-{hashlib.sha256(whole.encode()).hexdigest()}"
